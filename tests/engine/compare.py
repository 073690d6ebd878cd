"""Says what differs between two outputs: values, shapes, dtypes, and the classes that hold them."""

from __future__ import annotations

import enum
import math
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

_BY_EQUALITY = (int, float, complex, bool, str, bytes, type(None), enum.Enum, slice, range, set, frozenset, type)
_OF_TORCH = (torch.dtype, torch.device, torch.layout)


def difference(got: Any, want: Any, where: str = "output") -> str:
    """The first difference, in words; empty where there is none."""
    if isinstance(want, (Iterator, KeysView, ValuesView, ItemsView)):
        want = list(want)
    if isinstance(want, torch.Tensor):
        return _of_tensors(got, want, where)
    if type(got) is not type(want):
        return f"{where}: {type(got).__qualname__}, eager returns {type(want).__qualname__}"
    if isinstance(want, (list, tuple)):
        if len(got) != len(want):
            return f"{where}: {len(got)} long, eager returns {len(want)}"
        found = (difference(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(got, want, strict=True)))
        return next(filter(None, found), "") or _of_attributes(got, want, where)
    if isinstance(want, (dict, MappingProxyType)):
        if list(got) != list(want):
            return f"{where}: keys {list(got)}, eager returns {list(want)}"
        found = (difference(got[k], want[k], f"{where}[{k!r}]") for k in want)
        return next(filter(None, found), "") or _of_attributes(got, want, where)
    if isinstance(want, float) and math.isnan(want) and math.isnan(got):
        return ""
    if isinstance(want, (np.ndarray, np.generic)):
        same = got.dtype == want.dtype and np.array_equal(got, want)
        return "" if same else f"{where}: {got!r}, eager returns {want!r}"
    if isinstance(want, (*_BY_EQUALITY, *_OF_TORCH)):
        return "" if got == want else f"{where}: {got!r}, eager returns {want!r}"
    return _of_attributes(got, want, where)


def _of_tensors(got: Any, want: torch.Tensor, where: str) -> str:
    if not isinstance(got, torch.Tensor):
        return f"{where}: {type(got).__qualname__}, eager returns a tensor"
    if is_traceable_wrapper_subclass(want):
        if type(got) is not type(want):
            return f"{where}: {type(got).__qualname__}, eager returns {type(want).__qualname__}"
        names = want.__tensor_flatten__()[0]
        found = (_of_tensors(getattr(got, name), getattr(want, name), f"{where}.{name}") for name in names)
        return next(filter(None, found), "")
    if got.shape != want.shape or got.dtype != want.dtype or got.layout != want.layout:
        return f"{where}: {got.dtype} {list(got.shape)}, eager returns {want.dtype} {list(want.shape)}"
    if want.layout is not torch.strided:
        got, want = got.to_dense(), want.to_dense()
    same = torch.allclose(got.detach(), want.detach(), rtol=1e-4, atol=1e-5, equal_nan=True)
    return "" if same else f"{where}: {got}, eager returns {want}"


def _of_attributes(got: Any, want: Any, where: str) -> str:
    """Attributes of objects of the user's classes, slots too."""
    names = list(getattr(want, "__dict__", {}))
    for cls in type(want).__mro__:
        slots = getattr(cls, "__slots__", ())
        names += [s for s in slots if not s.startswith("__") and hasattr(want, s)]
    if type(want).__module__ == "builtins":
        return ""
    for name in names:
        if not hasattr(got, name):
            return f"{where}.{name} is missing"
        found = difference(getattr(got, name), getattr(want, name), f"{where}.{name}")
        if found:
            return found
    return ""
