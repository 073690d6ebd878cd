"""In-place writes to intermediates, views, inputs and buffers."""

from __future__ import annotations

from ..builder import Builder, is_float, is_integer, is_mask
from .registry import feature


@feature("in_place", weight=3, picks=(is_float, is_float))
def in_place(b: Builder, one: str, two: str) -> str | None:
    return f"{one}." + b.one_of(
        f"add_({b.number()})",
        "mul_(0.5)",
        f"add_({two})",
        f"mul_({two})",
        "clamp_(-1, 1)",
        "zero_()",
        "neg_()",
        "tanh_()",
        f"copy_({two})",
        "fill_(0.75)",
        f"sub_({one}.mean())",
        f"lerp_({two}, 0.5)",
    )


@feature("write_through_view", weight=3, picks=(is_float,))
def write_through_view(b: Builder, one: str) -> str | None:
    view = b.one_of(
        "[0]", "[1:]", "[-1]", "[..., 0]", ".t()", ".view(-1)", ".reshape(-1)[:2]", ".detach()", ".unbind(0)[0]"
    )
    return f"{one}{view}." + b.one_of(
        f"add_({b.number()})", "mul_(-0.5)", "zero_()", "fill_(0.25)", "copy_(torch.ones(()))"
    )


@feature("set_item", weight=2, picks=(is_float, is_float))
def set_item(b: Builder, one: str, two: str) -> str | None:
    return b.one_of(
        f"{one}[0] = {b.number()}",
        f"{one}[1:] = {one}[:-1].clone()",
        f"{one}[..., -1] = 0.5",
        f"{one}[:2] += 1",
        f"{one}[-1] = {two}[0]",
        f"{one}[:] = {two}",
        f"{one}[[0, 1]] = {one}[[1, 0]]",
        f"{one}[0], {one}[1] = {one}[1].clone(), {one}[0].clone()",
    )


@feature("set_masked", weight=1.5)
def set_masked(b: Builder) -> str | None:
    one, mask = b.pick(is_float), b.pick(is_mask)
    if one is None:
        return None
    forms = [f"{one}[{one} > 0] = 0.5", f"{one}[{one} < 0] *= -0.5", f"{one}.masked_fill_({one} > 0.5, 0.1)"]
    if mask is not None:
        forms += [f"{one}[{mask}] = 0.25", f"{one}.masked_fill_({mask}, -0.5)"]
    return b.one_of(*forms)


@feature("index_put", weight=1.5)
def index_put(b: Builder) -> str | None:
    one, index = b.pick(is_float), b.pick(is_integer)
    if one is None:
        return None
    where = "torch.tensor([0, 1])" if index is None else f"{index}.reshape(-1) % {one}.shape[0]"
    return b.one_of(
        f"{one}.index_put_(({where},), torch.tensor(0.5))",
        f"{one}.index_put_(({where},), torch.tensor(0.25), accumulate=True)",
        f"{one}[{where}] = 0.125",
        f"{one}.index_fill_(0, {where}, 0.3)",
        f"{one}.index_add_(0, {where}, {one}[{where}] * 0.5)",
    )


@feature("write_buffer", weight=1.5, picks=(is_float,))
def write_buffer(b: Builder, one: str) -> str | None:
    width = b.value(one).shape[-1]
    buffer = b.attribute(f"buf{width}", f"self.register_buffer('buf{width}', torch.ones({width}))")
    persistent = b.rng.random() < 0.8
    if not persistent:
        name = f"scratch{width}"
        buffer = b.attribute(name, f"self.register_buffer('{name}', torch.zeros({width}), persistent=False)")
    out = b.new()
    return (
        f"{buffer}."
        + b.one_of(
            f"mul_(0.5).add_({one}.detach().reshape(-1, {width})[0])",
            "add_(1)",
            f"copy_({one}.detach().reshape(-1, {width})[-1])",
            "zero_()",
            f"data.add_({one}.detach().reshape(-1, {width}).mean(0))",
        )
        + f"\n{out} = {buffer} * 2"
    )


@feature("write_data", weight=0.7, picks=(is_float,))
def write_data(b: Builder, one: str) -> str | None:
    return b.one_of(
        f"{one}.data.mul_(0.5)",
        f"{one}.data[0] = 0.5",
        f"{one}.data = {one}.data * 0.5",
        f"{one}.data = {one}.data + 1",
    )


@feature("write_out", weight=0.7, picks=(is_float,))
def write_out(b: Builder, one: str) -> str | None:
    out = b.new()
    return b.one_of(
        f"{out} = torch.empty_like({one}.detach())\ntorch.mul({one}.detach(), 0.5, out={out})",
        f"{out} = {one}.detach().clone()\n{out}.set_({one}.detach())",
        f"{out} = torch.zeros({one}.shape)\n{out} += {one}",
        f"{out} = {one}.new_zeros(len({one}))\nfor i in range(len({one})):\n    {out}[i] = {one}[i].sum() * 0.1",
    )


@feature("view_then_write", weight=2, picks=(is_float,))
def view_then_write(b: Builder, one: str) -> str | None:
    base, view, after = b.new(), b.new(), b.new()
    make = b.one_of(f"{base}[1:]", f"{base}.view(-1)", f"{base}[0]", f"{base}.transpose(0, -1)", f"{base}[::2]")
    write = b.one_of(f"{base}.add_({b.number()})", f"{view}.mul_(0.5)", f"{base}[0] = 0.5", f"{view}.zero_()")
    read = b.one_of(f"{base} + 1", f"{view} * 2", f"{view}.sum() + {base}.sum()", f"{base}.clone()")
    return f"{base} = {one} * 1.5\n{view} = {make}\n{write}\n{after} = {read}"


@feature("read_between_writes", weight=2.5, picks=(is_float,))
def read_between_writes(b: Builder, one: str) -> str | None:
    """A read between writes: its value depends on all earlier writes, through any alias."""
    base, view, out = b.new(), b.new(), b.new()
    first = b.one_of(f"{base}.add_({b.number()})", f"{view}.mul_(-0.5)", f"{view}.fill_(0.5)", f"{base}[0] = 0.25")
    second = b.one_of(f"{base}.zero_()", f"{view}.neg_()", f"{base}.mul_(2)", f"{view}.add_({b.number()})")
    read = b.one_of(f"{base}.sum()", f"{view}.sum()", f"{view}.reshape(-1)[0]", f"{base}.max()")
    use = b.one_of(
        f"{out} = {base} + {read}.item()",
        f"{out} = {base} * 2 if {read} > 0 else {view} - 1",
        f"{out} = {view}[:1] * len({base}.reshape(-1)[:3].tolist())\nassert {read}.item() < 100",
    )
    make = b.one_of(
        f"{base}[1:]", f"{base}.view(-1)", f"{base}[0]", f"{base}.transpose(0, -1)", f"{base}.reshape(-1)[1:3]"
    )
    origin = b.one_of(f"{one} * 1.5", f"{one}", f"{one}.clone()")
    steps = [f"{base} = {origin}", f"{view} = {make}", first, use, second]
    if b.rng.random() < 0.5:
        again = b.new()
        steps.append(f"{again} = {base} + 1 if {read} > {b.number()} else {base} - 1")
    return "\n".join(steps)
