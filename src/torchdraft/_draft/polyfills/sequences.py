"""Traceable implementations for sequences that contain tensors or symbols: `torch.tensor([a, b])`, `x[[a, b], :]`.

The parts are stacked by operations. As in eager, a tensor inside a sequence is one number, whatever its dimension.
"""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.symbolic.shapes import SYMBOLIC

SHORT = 32
"""A shorter list of indices counts as a tuple if it contains tensors (upstream: `treatSequenceAsTuple`)."""

_MASKS = (torch.bool, torch.uint8)


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> torch.Tensor:
    """`torch.tensor` and `torch.as_tensor`."""
    made = stacked(data, device)
    made = made.to(dtype=dtype) if dtype is not None else made
    return made.requires_grad_(True) if requires_grad else made


def asarray(data: Any, *, copy: Any = None, **options: Any) -> torch.Tensor:  # noqa: ARG001
    """`torch.asarray`, which copies a sequence whatever `copy` says."""
    return tensor(data, **options)


def new_tensor(own: torch.Tensor, data: Any, *, dtype: Any = None, device: Any = None, **options: Any) -> torch.Tensor:
    """`x.new_tensor` and `x.new`, with the dtype and device of `x` as defaults."""
    dtype, device = own.dtype if dtype is None else dtype, own.device if device is None else device
    return tensor(data, dtype=dtype, device=device, **options)


def sparse(*args: Any, **kwargs: Any) -> torch.Tensor:
    """`torch.sparse_coo_tensor`."""
    given = [stacked(a, None) if holds_symbolic(a) else a for a in args[:2]]
    return torch.sparse_coo_tensor(*given, *args[2:], **kwargs)


def index(given: Any) -> Any:
    """The index of `x[index]`, with each sequence that contains tensors or symbols replaced by one tensor."""
    if type(given) is list and holds_symbolic(given):
        as_tuple = len(given) < SHORT and not all(isinstance(one, (int, torch.SymInt)) for one in given)
        return index(tuple(given)) if as_tuple else _index_tensor(given)
    if isinstance(given, tuple):
        return tuple(_index_tensor(one) if holds_symbolic(one) else one for one in given)
    return given


def _index_tensor(sequence: Any) -> torch.Tensor:
    made = stacked(sequence, None)
    return made if made.dtype in _MASKS else made.long()


def holds_symbolic(value: Any) -> bool:
    """Whether `value` is a list or tuple that contains a tensor or a symbol at any depth."""
    return isinstance(value, (list, tuple)) and any(is_symbolic(v) or holds_symbolic(v) for v in value)


def is_symbolic(value: Any) -> bool:
    """Whether `value` is a tensor or a symbol."""
    return isinstance(value, (torch.Tensor, *SYMBOLIC))


def stacked(data: Any, device: Any) -> torch.Tensor:
    """One tensor of the numbers, symbols and tensors in `data`, of their promoted dtype."""
    if isinstance(data, torch.Tensor):
        copied = data.detach().clone()
        return copied if device is None else copied.to(device)
    if isinstance(data, SYMBOLIC):
        return torch.scalar_tensor(data, dtype=_TYPES[type(data)] or torch.get_default_dtype(), device=device)
    if not isinstance(data, (list, tuple)) or not holds_symbolic(data):
        return torch.tensor(data, device=device)
    parts = [stacked(d.reshape(()) if isinstance(d, torch.Tensor) else d, device) for d in data]
    wide = parts[0].dtype
    for part in parts[1:]:
        wide = torch.promote_types(wide, part.dtype)
    return torch.stack([p.to(wide) for p in parts])


_TYPES: dict[type, torch.dtype | None] = {torch.SymInt: torch.int64, torch.SymBool: torch.bool, torch.SymFloat: None}
