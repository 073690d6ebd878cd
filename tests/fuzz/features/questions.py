"""Questions about an input other than its data and its sizes. `vary` lays inputs out in another way."""

from __future__ import annotations

from ..builder import Builder, is_float
from .registry import feature


def is_turnable(value: object) -> bool:
    """A float tensor whose memory can be laid out in two ways."""
    return is_float(value) and getattr(value, "dim", lambda: 0)() > 1


@feature("metadata_question", weight=1.5)
def metadata_question(b: Builder) -> str | None:
    names = [name for name in b.spec.names if is_turnable(b.value(name))]
    if not names:
        return None
    one = b.rng.choice(names)
    out = b.new()
    test = b.one_of(
        f"{one}.is_contiguous()",
        f"{one}.stride(0) > {one}.stride(-1)",
        f"{one}.stride()[-1] == 1",
        f"{one}.storage_offset() == 0",
        f"{one}.requires_grad",
        f"{one}.dtype is torch.float32 and {one}.is_contiguous()",
    )
    return b.one_of(
        f"{out} = {one} * 2 if {test} else {one} + 1",
        f"if {test}:\n    {out} = {one}.sum(0)\nelse:\n    {out} = {one}.sum(0) - 1",
        f"{out} = {one} + int({test})",
    )
