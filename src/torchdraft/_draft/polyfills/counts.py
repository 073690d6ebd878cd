"""Polyfills of operations with a count that upstream takes as a plain integer."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from .registry import Call, polyfill

_WHY = "The operation takes an integer that is no symbol, which specializes the program to the example's."


@polyfill(functional.one_hot, why=_WHY)
def one_hot(func: Any, args: Any, kwargs: Any) -> Call:
    """`F.one_hot(tensor, num_classes)`."""
    given = dict(zip(("tensor", "num_classes"), args, strict=False)) | kwargs
    if not isinstance(given.get("num_classes"), torch.SymInt):
        return func, args, kwargs
    return _one_hot, (given["tensor"], given["num_classes"]), {}


def _one_hot(tensor: torch.Tensor, count: torch.SymInt) -> torch.Tensor:
    if tensor.dtype != torch.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    torch._check(count > 0, lambda: "Class values must be smaller than num_classes.")
    allowed = ((tensor >= 0) & (tensor < count)).all()
    torch._check(allowed.to(torch.int64).item() == 1, lambda: "Class values must be smaller than num_classes.")
    classes = torch.arange(count, device=tensor.device)
    return (tensor.unsqueeze(-1) == classes).to(torch.int64)


@polyfill(functional.adaptive_avg_pool1d, torch.adaptive_avg_pool1d, why=_WHY)
def adaptive_average(func: Any, args: Any, kwargs: Any) -> Call:
    """`F.adaptive_avg_pool1d(input, output_size)`, as an average of an image of one row."""
    given = dict(zip(("input", "output_size"), args, strict=False)) | kwargs
    size = given.get("output_size")
    size = size[0] if isinstance(size, (list, tuple)) and len(size) == 1 else size
    if not isinstance(size, torch.SymInt):
        return func, args, kwargs
    return _average, (given["input"], size), {}


def _average(tensor: torch.Tensor, size: torch.SymInt) -> torch.Tensor:
    return functional.adaptive_avg_pool2d(tensor.unsqueeze(-2), (1, size)).squeeze(-2)


_nbytes: Any = torch.Tensor.nbytes


@polyfill(_nbytes.__get__, why="The property returns an integer that is no symbol, and raises for a symbolic size.")
def nbytes(_func: Any, args: Any, kwargs: Any) -> Call:
    """`x.nbytes`."""
    return _bytes_of_elements, args[:1], kwargs


def _bytes_of_elements(tensor: torch.Tensor) -> Any:
    return tensor.numel() * tensor.element_size()
