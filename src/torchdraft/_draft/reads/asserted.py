"""Assertions in the graph that a tensor's data equals what Python read."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._draft.guards.assertions import ABSOLUTE, RELATIVE
from torchdraft._torch.dispatch import outside_modes

BY_VALUE = 64
"""The most elements that a read is reported with, and that `tolist` of integers makes symbols of."""


BY_CONSTANT = 1 << 22
"""The most elements that are asserted, as a constant in the program. A larger read is not asserted."""


def assert_data(fake: torch.Tensor, real: torch.Tensor) -> Any:
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
    same = same_data(fake, real).all().item()
    torch._check(same)
    return same.node._expr if isinstance(same, torch.SymBool) else None


def same_data(data: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
    """Element-wise: whether `data` equals `read`, for floats up to rounding (`assertions.RELATIVE`)."""
    if not (read.dtype.is_floating_point or read.dtype.is_complex):
        return data == read
    half = read.dtype in (torch.float16, torch.bfloat16)
    return torch.isclose(data, read, rtol=1.6e-2 if half else RELATIVE, atol=ABSOLUTE, equal_nan=True)
