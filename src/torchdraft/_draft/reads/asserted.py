"""Assertions in the graph that data is what Python read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.tracing.assertions import ABSOLUTE, RELATIVE
from torchdraft._torch.dispatch import outside_modes

if TYPE_CHECKING:
    pass


BY_VALUE = 64
"""Up to so many elements a read is asserted by value and, for integers, kept symbolic by `tolist`."""


BY_CONSTANT = 1 << 22
"""Up to so many elements a read is asserted against a constant stored in the program; a larger one is `baked`."""


def assert_data(fake: torch.Tensor, real: torch.Tensor) -> Any:
    """Puts `fake == real`, element by element and NaN for NaN, into the graph as an assertion.

    Returns its condition; None where there is nothing to compare.
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


def same_data(data: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Where `data` is what was read: equal for integers, up to rounding for floats (see `assertions.RELATIVE`)."""
    if not (seen.dtype.is_floating_point or seen.dtype.is_complex):
        return data == seen
    half = seen.dtype in (torch.float16, torch.bfloat16)
    return torch.isclose(data, seen, rtol=1.6e-2 if half else RELATIVE, atol=ABSOLUTE, equal_nan=True)
