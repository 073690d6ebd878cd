"""State that the model holds outside of buffers: in plain tensors, containers, objects of tensors and hooks."""

from __future__ import annotations

from ..builder import Builder, is_float, is_matrix
from .registry import feature


@feature("plain_cache", picks=(is_float,))
def plain_cache(b: Builder, one: str) -> str | None:
    """A cache as generating models have it: a row of a plain tensor is written, the tensor is read."""
    width = b.value(one).shape[-1]
    cache = b.attribute(f"cache{width}", f"self.cache{width} = torch.zeros(4, {width})")
    row = f"{one}.detach().reshape(-1, {width})[0]"
    write = b.one_of(f"{cache}[1] = {row}", f"{cache}[:, 0] += {row}[0]", f"{cache}.mul_(0.5).add_({row})")
    return f"{write}\n{b.new()} = {cache} * 2"


@feature("contained_state", picks=(is_float,))
def contained_state(b: Builder, one: str) -> str | None:
    """Tensors in a list, a dictionary or an object that the model holds."""
    made, place = b.rng.choice(
        [
            ("past = [torch.zeros(()), torch.ones(2)]", "past[0]"),
            ("table = {'total': torch.zeros(())}", "table['total']"),
            ("kept = Kept(torch.zeros(()))", "kept.total"),
        ]
    )
    b.attribute(made.partition(" = ")[0], f"self.{made}")
    write = b.one_of(f"self.{place}.add_({one}.detach().mean())", f"self.{place}.mul_(0.5).add_(1)")
    return f"{write}\n{b.new()} = {one} + self.{place}"


@feature("hook_statistics", weight=0.7, picks=(is_matrix,))
def hook_statistics(b: Builder, one: str) -> str | None:
    """A hook that sums up what a layer returns, as calibration does."""
    width = b.value(one).shape[-1]
    layer = b.attribute(
        f"measured{width}",
        f"self.measured{width} = nn.Linear({width}, 3)\n"
        f"self.measured{width}.statistics = torch.zeros(3)\n"
        f"self.measured{width}.register_forward_hook(note_mean)",
    )
    return f"{b.new()} = {layer}({one}) + {layer}.statistics"


@feature("wrapped_weight", picks=(is_float,))
def wrapped_weight(b: Builder, one: str) -> str | None:
    """A weight of a wrapper subclass, as quantized weights are."""
    width = b.value(one).shape[-1]
    if width > 16:
        return None
    weight = b.attribute(
        f"packed{width}",
        f"self.packed{width} = nn.Parameter(Quantized.of(torch.linspace(-1, 1, 3 * {width}).view(3, {width})))",
    )
    return f"{b.new()} = " + b.one_of(f"F.linear({one}, {weight})", f"{one} + {weight}.sum()", f"{one} * {weight}[0]")
