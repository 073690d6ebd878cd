"""Polyfills of functions that draw random numbers. The numbers are the same ones."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._tape.provenance import holds_symbol

from .registry import Call, polyfill


@polyfill(
    torch.rand,
    torch.randn,
    torch.randint,
    why="With a `generator` argument, even None, upstream rejects a SymInt as a size.",
)
def draw_from_generator(func: Any, args: Any, kwargs: Any) -> Call:
    """Fills an empty tensor instead, whose constructor takes symbolic sizes."""
    if "generator" not in kwargs or not holds_symbol((args, kwargs)):
        return func, args, kwargs
    if kwargs["generator"] is None:
        return func, args, {name: value for name, value in kwargs.items() if name != "generator"}
    return _FILLED[func], args, kwargs


def _rand(*size: Any, generator: Any, **options: Any) -> torch.Tensor:
    return torch.empty(*size, **options).uniform_(generator=generator)


def _randn(*size: Any, generator: Any, **options: Any) -> torch.Tensor:
    return torch.empty(*size, **options).normal_(generator=generator)


def _randint(*bounds_and_size: Any, generator: Any, dtype: Any = torch.int64, **options: Any) -> torch.Tensor:
    *bounds, size = bounds_and_size
    low, high = bounds if len(bounds) == 2 else (0, *bounds)
    return torch.empty(size, dtype=dtype, **options).random_(high - low, generator=generator).add_(low)


_FILLED = {torch.rand: _rand, torch.randn: _randn, torch.randint: _randint}


@polyfill(
    torch.Tensor.random_,
    why="`x.random_(low, high)` is the overload `random_.from`. `from` is a keyword of Python, so the code generated "
    "for a graph that contains the overload is invalid.",
)
def random_between_bounds(func: Any, args: Any, kwargs: Any) -> Call:
    """Draws below `high - low` and adds `low`, where the dtype represents every integer between the bounds exactly."""
    if len(args) != 3 or not all(isinstance(b, int) and abs(b) <= _largest_exact(args[0].dtype) for b in args[1:]):
        return func, args, kwargs
    own, low, high = args
    return (lambda: own.random_(high - low, **kwargs).add_(low)), (), {}


def _largest_exact(dtype: torch.dtype) -> float:
    """The largest number up to which the dtype represents every integer."""
    return 1 / torch.finfo(dtype).eps if dtype.is_floating_point else torch.iinfo(dtype).max
