"""Reads of numbers: conversions to Python numbers, comparisons of whole tensors, `tolist`."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._torch.dispatch import outside_modes

from ..asserted import BY_VALUE
from ..registry import SymbolicTrace, host_read

acts_for_caller(__file__)

_BY_SYMBOL = "A symbol answers in a symbolic trace. In a recorded run Python gets a plain number."

host_read(torch.Tensor.__bool__, guard="branch", why=_BY_SYMBOL)
host_read(torch.Tensor.__index__, torch.Tensor.__float__, guard="size", why=_BY_SYMBOL)
host_read(torch.Tensor.__complex__, torch.Tensor.__contains__, why=_BY_SYMBOL)


@host_read(torch.Tensor.item, why="Upstream has no symbol for a complex number; other numbers become symbols.")
def item(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`x.item()`."""
    fake = args[0]
    if not fake.dtype.is_complex:
        return torch.Tensor.item(fake)
    real = trace.value(fake, "item")
    with outside_modes():
        return real.item()


@host_read(
    torch.Tensor.__int__,
    guard="size",
    why="Upstream specializes the float itself. A float is asserted up to rounding, and that interval can contain "
    "numbers which convert to another integer. The conversion of a symbol is asserted exactly.",
)
def to_int(_trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`int(x)`."""
    fake = args[0]
    return int(torch.Tensor.item(fake)) if fake.dtype.is_floating_point else torch.Tensor.__int__(fake)


@host_read(
    torch.equal,
    torch.Tensor.equal,
    why="The C++ implementation reads all data. In a symbolic trace the comparison becomes one boolean of the graph.",
)
def equal(_trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`torch.equal(x, y)`."""
    left, right = args[0], args[1]
    if left.dim() != right.dim() or not all(bool(a == b) for a, b in zip(left.shape, right.shape, strict=True)):
        return False
    return bool((left == right).all())


@host_read(
    torch.allclose,
    torch.Tensor.allclose,
    why="The C++ implementation reads all data. In a symbolic trace the comparison becomes one boolean of the graph.",
)
def allclose(_trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`torch.allclose(x, y)`."""
    return bool(torch.isclose(*args, **kwargs).all())


@host_read(
    torch.Tensor.tolist,
    constant_as_is=True,
    why="Few integers become symbols. Longer lists and floats are read as a whole, which costs one assertion.",
)
def tolist(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`x.tolist()`."""
    fake = args[0]
    count = fake.numel()
    if not fake.dtype.is_floating_point and not fake.dtype.is_complex and isinstance(count, int) and count <= BY_VALUE:
        return _symbols(fake)
    real = trace.value(fake, "tolist")
    with outside_modes():
        return real.tolist()


def _symbols(fake: Any) -> Any:
    if fake.dim() == 0:
        return fake.item()
    return [_symbols(row) for row in fake.unbind(0)]


@host_read(torch.tensor_split, torch.Tensor.tensor_split, why="The number of results depends on the data.")
def tensor_split(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`x.tensor_split(indices)` with a tensor of indices."""
    given = dict(zip(("self", "indices", "dim"), args, strict=False)) | kwargs
    indices = given.get("tensor_indices_or_sections", given.get("indices", given.get("indices_or_sections")))
    if isinstance(indices, torch.Tensor):
        real = trace.value(indices, "tensor_split")
        with outside_modes():
            indices = real.tolist()
    return torch.tensor_split(given.get("self", given.get("input")), indices, dim=given.get("dim", 0))


host_read(torch.tensor, why="It copies the data of tensors in a sequence. In a symbolic trace a polyfill follows it.")
host_read(
    torch.as_tensor,
    when=lambda args: not (args and isinstance(args[0], torch.Tensor)),
    why="As for `torch.tensor`, except that `as_tensor` of a tensor reads nothing.",
)
