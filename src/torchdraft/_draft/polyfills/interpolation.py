"""Polyfill of `interpolate` with a scale factor that is a tensor."""

from __future__ import annotations

import inspect
from typing import Any

import torch

from .registry import Call, polyfill

_SIGNATURE = inspect.signature(torch.nn.functional.interpolate)


@polyfill(
    torch.nn.functional.interpolate,
    why="With `recompute_scale_factor` and a factor that is a tensor, upstream takes Python's `int` of a tensor, which "
    "fixes the size of the result to the example's.",
)
def interpolate_by_tensor(func: Any, args: Any, kwargs: Any) -> Call:
    """Passes the size of the result, computed in the same way, as a symbolic number."""
    try:
        given = _SIGNATURE.bind(*args, **kwargs).arguments
    except TypeError:
        return func, args, kwargs
    factors = given.get("scale_factor")
    listed = factors if isinstance(factors, (list, tuple)) else (factors,)
    if not given.get("recompute_scale_factor") or not any(isinstance(factor, torch.Tensor) for factor in listed):
        return func, args, kwargs

    def resize() -> Any:
        sizes = given["input"].shape[2:]
        by = listed if isinstance(factors, (list, tuple)) else [factors] * len(sizes)
        rest = {name: v for name, v in given.items() if name not in ("scale_factor", "recompute_scale_factor")}
        size = [_whole(length * factor) for length, factor in zip(sizes, by, strict=True)]
        return torch.nn.functional.interpolate(**rest | {"size": size})

    return resize, (), {}


def _whole(number: Any) -> Any:
    """The integer part. Of a tensor it is computed by the tensor: torch cannot use a rounded float as a size."""
    return number.to(torch.int64).item() if isinstance(number, torch.Tensor) else torch.sym_int(number)
