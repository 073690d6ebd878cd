"""torch's operators for loops, over as many steps as an input or a part of it has: none, one, several."""

from __future__ import annotations

from ..builder import Builder, is_float
from .registry import feature


@feature("mapped", picks=(is_float,))
def mapped(b: Builder, one: str) -> str | None:
    rows = b.one_of(one, one, f"{one}[:1]")
    return f"{b.new()} = control_flow.map(lambda row, scale: row * scale + 1, {rows}, torch.tensor({b.number()}))"


@feature("scanned", picks=(is_float,))
def scanned(b: Builder, one: str) -> str | None:
    rows = b.one_of(one, one, f"{one}[:1]")
    total, sums = b.new(), b.new()
    return (
        f"{total}, {sums} = control_flow.scan(lambda total, row: (total + row, (total * row).clone()), "
        f"torch.zeros({one}.shape[1:]), {rows})"
    )


@feature("while_looped", picks=(is_float,))
def while_looped(b: Builder, one: str) -> str | None:
    steps, out = b.new(), b.new()
    count = b.one_of(f"{one}.shape[0] - 2", "1", f"{one}.shape[0]")
    return (
        f"{steps}, {out} = control_flow.while_loop(lambda i, t: i < {count}, lambda i, t: (i + 1, t * 0.5 + i), "
        f"(torch.tensor(0), {one} * 1.0))"
    )
