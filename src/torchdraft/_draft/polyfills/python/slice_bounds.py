"""Slices that may reach over the end of a dimension whose size is a symbol, where each path of a model is traced.

`x[-4:]` has four rows, or all of them where there are fewer. Along the example the program asserts which it was.
"""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.symbolic.shapes import always_holds

from .loops import loops_are_unrolled

_PLAIN = (int, slice, type(None), type(Ellipsis), torch.SymInt)


def within_sizes(tensor: Any, index: Any) -> Any:
    """The index of `tensor[index]`, with bounds of slices that lie inside of the dimensions."""
    items = index if isinstance(index, tuple) else (index,)
    if not loops_are_unrolled() or not isinstance(tensor, torch.Tensor) or not any(map(_has_bounds, items)):
        return index
    if not all(isinstance(item, _PLAIN) and not isinstance(item, bool) for item in items):
        return index
    taken = sum(item is not None and item is not Ellipsis for item in items)
    if taken > tensor.dim():
        return index
    dim, found = 0, []
    for item in items:
        found.append(_bounded(item, tensor.shape[dim]) if isinstance(item, slice) else item)
        dim += tensor.dim() - taken if item is Ellipsis else int(item is not None)
    return tuple(found) if isinstance(index, tuple) else found[0]


def _has_bounds(item: Any) -> bool:
    return isinstance(item, slice) and (item.start is not None or item.stop is not None)


def _bounded(item: slice, size: Any) -> slice:
    bounds = [item.start, item.stop]
    known = all(bound is None or isinstance(bound, (int, torch.SymInt)) for bound in bounds)
    if not isinstance(size, torch.SymInt) or not known or item.step not in (None, 1):
        return item
    start, stop = (_inside(bound, size) for bound in bounds)
    if None not in bounds and not _in_order(*bounds) and not always_holds(start <= stop):
        stop = torch.sym_max(start, stop)
    return slice(start, stop, item.step)


def _inside(bound: Any, size: Any) -> Any:
    """A bound, from 0 to the size; as it is where its sign is not known, or it lies there anyway."""
    if bound is None:
        return None
    if always_holds(bound >= 0):
        return bound if _holds_here(bound <= size) else torch.sym_min(bound, size)
    if isinstance(bound, int):
        return bound if _holds_here(-bound <= size) else torch.sym_max(0, size + bound)
    return bound


def _in_order(start: Any, stop: Any) -> bool:
    """Whether bounds that are both counted from the beginning, or both from the end, are in order. So they are within
    any size.
    """
    same_end = any(all(always_holds(sign * bound >= 0) for bound in (start, stop)) for sign in (1, -1))
    return same_end and always_holds(start <= stop)


def _holds_here(condition: Any) -> bool:
    """Whether a condition holds always, or on the side of a branch that is being traced."""
    if always_holds(condition):
        return True
    sides = getattr(condition.node.shape_env, "sides", None)
    return sides is not None and bool(sides.implies(condition.node.expr))
