"""Module state: parameters read as numbers, attributes and buffers assigned in forward, hooks, counters of calls."""

from __future__ import annotations

from ..builder import Builder, is_float, is_matrix
from .registry import feature


@feature("parameter_read", weight=1.5, picks=(is_float,))
def parameter_read(b: Builder, one: str) -> str | None:
    weight = b.attribute("weight", "self.weight = nn.Parameter(torch.tensor([0.5, -1.5, 2.0]))")
    return f"{b.new()} = " + b.one_of(
        f"{one} * {weight}[0]",
        f"{one}[:int({weight}[2].item())]",
        f"{one} + 1 if {weight}.sum() > 0 else {one} - 1",
        f"{one} * {weight}.detach().tolist()[1]",
    )


@feature("buffer_assigned", weight=1.5, picks=(is_float,))
def buffer_assigned(b: Builder, one: str) -> str | None:
    buffer = b.attribute("seen", "self.register_buffer('seen', torch.zeros(()))")
    return (
        f"{buffer} = "
        + b.one_of(f"{buffer} + {one}.detach().mean()", f"{one}.detach().sum().tanh()", f"{buffer} * 0.5 + 1")
        + f"\n{b.new()} = {one} + {buffer}"
    )


@feature("buffer_read", picks=(is_float,))
def buffer_read(b: Builder, one: str) -> str | None:
    steps = b.attribute("steps", "self.register_buffer('steps', torch.tensor(1))")
    out = b.new()
    return b.one_of(
        f"{steps} += 1\n{out} = {one} * {steps}",
        f"{steps}.add_(1)\n{out} = {one} / {steps}.item()",
        f"{out} = {one} + 1 if {steps} < 3 else {one}\n{steps} += 1",
        f"{out} = {one}[: int({steps}) + 1]",
    )


@feature("attribute_counter", weight=0.7, picks=(is_float,))
def attribute_counter(b: Builder, one: str) -> str | None:
    calls = b.attribute("calls", "self.calls = 1")
    return f"{calls} += 1\n{b.new()} = {one} * {calls}"


@feature("attribute_cache", weight=0.7, picks=(is_float,))
def attribute_cache(b: Builder, one: str) -> str | None:
    b.attribute("cache", "self.cache = {}")
    last = b.attribute("last", "self.last = None")
    out = b.new()
    return b.one_of(
        f"{last} = {one} * 2\n{out} = {last} + 1",
        f"self.cache['k'] = {one}.shape[0]\n{out} = {one} * self.cache['k']",
        f"{out} = {one} if {last} is None else {one} + {last}.mean()\n{last} = {one}.detach()",
    )


@feature("batch_norm")
def batch_norm(b: Builder) -> str | None:
    one = b.pick(lambda v: is_matrix(v) and v.shape[0] > 1)
    if one is None:
        return None
    width = b.value(one).shape[1]
    norm = b.attribute(f"norm{width}", f"self.norm{width} = nn.BatchNorm1d({width})")
    return f"{b.new()} = {norm}({one})"


@feature("recurrent", weight=0.5)
def recurrent(b: Builder) -> str | None:
    one = b.pick(lambda v: is_float(v) and v.dim() == 3)
    if one is None:
        return None
    width = b.value(one).shape[-1]
    cell = b.attribute(f"gru{width}", f"self.gru{width} = nn.GRU({width}, 3, batch_first=True)")
    return f"{b.new()} = {cell}({one})[0]"


@feature("global_cache", weight=0.3, picks=(is_float,))
def global_cache(b: Builder, one: str) -> str | None:
    return f"CACHE['last'] = {one}.detach()\n{b.new()} = CACHE['last'] * 2"


@feature("constant_tensor", picks=(is_float,))
def constant_tensor(b: Builder, one: str) -> str | None:
    plain = b.attribute("plain", "self.plain = torch.tensor([1.0, -2.0, 3.0])")
    return f"{b.new()} = " + b.one_of(
        f"{one} * {plain}[1]",
        f"{one} + torch.tensor([0.5]).item()",
        f"{one} * torch.tensor(2.0)",
        f"{one}[torch.tensor([0, 1])]",
        f"{one} + 1 if {plain}[0] > 0 else {one}",
    )


@feature("lazy_hook", weight=0.5)
def lazy_hook(b: Builder) -> str | None:
    """A hook installed in the first call, as in libraries that collect hidden states."""
    one = b.pick(lambda v: is_float(v) and v.shape[-1] <= 16)
    if one is None:
        return None
    width, out = b.value(one).shape[-1], b.new()
    layer = b.attribute(f"hooked{width}", f"self.hooked{width} = nn.Linear({width}, 3)")
    installed = b.attribute("installed", "self.installed = False")
    return (
        f"if not {installed}:\n    {installed} = True\n"
        f"    {layer}.register_forward_hook(lambda module, args, result: result * 0.5)\n"
        f"{out} = {layer}({one})"
    )
