"""Assertions in the graph that a tensor's data equals what Python read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch

from torchdraft._draft.guards.assertions import RELATIVE, rounding
from torchdraft._torch.dispatch import outside_modes, outside_tracing

BY_VALUE = 64
"""The most elements that a read is reported with, and that `tolist` of integers makes symbols of."""


BY_CONSTANT = 1 << 22
"""The most elements that are asserted, as a constant in the program. A larger read is not asserted."""


Closeness = Literal["rounded", "exact", "same text"]
"""What the program's data may be beside the data that was read: equal up to rounding, which keeps each element's sign
and each zero; equal; or equal, where -0.0 is another zero than 0.0."""


def assert_data(fake: torch.Tensor, real: torch.Tensor, closeness: Closeness = "rounded") -> Any:
    """Puts `fake == real`, element by element and with NaN equal to NaN, into the graph as an assertion.

    Returns its condition; None if the tensor has no elements.
    """
    if real.layout is not torch.strided:
        fake = fake.to_dense()
        with outside_modes():
            real = real.to_dense()
    for have, want in zip(fake.shape, real.shape, strict=True):
        torch._check(have == want)
    if real.numel() == 0:
        return None
    same = same_data(fake, real, closeness).all().item()
    torch._check(same)
    return same.node._expr if isinstance(same, torch.SymBool) else None


def same_data(data: torch.Tensor, read: torch.Tensor, closeness: Closeness) -> torch.Tensor:
    """Element-wise: whether `data` equals `read`, as closely as `closeness` says."""
    if not _is_rounded(read.dtype):
        return data == read
    with outside_tracing():
        zeros, undefined = bool((read == 0).any()), bool(read.isnan().any())
        relative, absolute = _tolerance(read)
    if closeness == "rounded":
        close = torch.isclose(data, read, rtol=relative, atol=absolute, equal_nan=True)
        if read.numel() == 1 and not zeros:
            return close
        same_zeros = (data == 0) == (read == 0)
        return close & same_zeros if read.is_complex() else close & same_zeros & ((data > 0) == (read > 0))
    same = data == read
    if undefined:
        same = same | ((data != data) & (read != read))  # NaN
    if closeness == "same text" and zeros and not read.is_complex():
        same = same & (torch.signbit(data) == torch.signbit(read))
    return same


def _is_rounded(dtype: torch.dtype) -> bool:
    return dtype.is_floating_point or dtype.is_complex


def _tolerance(read: torch.Tensor) -> tuple[float, float]:
    """The relative and the absolute tolerance of a read."""
    half = read.dtype in (torch.float16, torch.bfloat16)
    finite = read[read.isfinite()].abs()
    largest = float(finite.max()) if finite.numel() else 0.0
    return 1.6e-2 if half else RELATIVE, rounding(largest)


def closeness_of_text(real: torch.Tensor, text: Callable[[torch.Tensor], Any]) -> Closeness:
    """How closely data has to be asserted whose `text` was read: up to rounding, if that leaves the text as it is."""
    if not _is_rounded(real.dtype) or real.layout is not torch.strided:
        return "exact"
    have = text(real)
    same = all(text(other) == have for other in _rounded_otherwise(real))
    return "rounded" if same else "same text"


def _rounded_otherwise(real: torch.Tensor) -> list[torch.Tensor]:
    """Data that passes for `real` up to rounding: the farthest in both directions, and the next whole numbers, which
    torch prints in another format.
    """
    relative, absolute = _tolerance(real)
    farthest = (real.abs() * relative + absolute) * (real != 0)
    above, below = real + farthest, real - farthest
    if real.is_complex():
        return [above, below]
    below = torch.where(below * real > 0, below, real / 1024)
    whole = real.round()
    return [above, below, torch.where((whole - real).abs() <= farthest, whole, real)]
