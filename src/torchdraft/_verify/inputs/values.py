"""Draws values for one input: of the kind and range that the example shows, and special ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

WIDER = 4
"""How many times its range an integer that no table bounds is drawn from, where a wider range is asked for."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the example shows of an input's values."""

    values: torch.Tensor
    """The example's values in one dimension, on the CPU; never empty."""
    low: float
    high: float
    limit: int | None = None
    """Integers: all draws stay below it."""
    fixed: bool = False
    """Integers: which values outside of the observed range are safe is not known."""

    @classmethod
    def of(cls, example: torch.Tensor, limit: int | None = None, fixed: bool = False) -> Observed:
        """Looks at the example. An empty one is taken to hold a zero."""
        flat = example.detach().resolve_conj().resolve_neg().cpu().reshape(-1)
        if not flat.numel():
            flat = torch.zeros(1, dtype=example.dtype)
        real = flat.abs() if flat.is_complex() else flat
        finite = real[torch.isfinite(real)] if real.is_floating_point() else real
        ends = (0.0, 0.0) if not finite.numel() else (finite.double().min().item(), finite.double().max().item())
        return cls(flat, ends[0], ends[1], limit, fixed)

    @property
    def dtype(self) -> torch.dtype:
        """The input's dtype."""
        return self.values.dtype

    @property
    def integer(self) -> bool:
        """Whether values are whole numbers."""
        return not self.dtype.is_floating_point and not self.dtype.is_complex and self.dtype is not torch.bool

    @property
    def top(self) -> int:
        """The largest integer to draw within the observed range."""
        return int(self.high) if self.limit is None else max(min(int(self.high), self.limit - 1), 0)

    def admit(self, value: float) -> bool:
        """Whether a special value may be drawn: floats and bools any, integers those within the observed range."""
        return not self.integer or self.low <= value <= self.top


Draw = Callable[[Observed, tuple[int, ...], torch.Generator], torch.Tensor]


def alike(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Values as the example has them: integers and one-sided floats from its range, other floats normal."""
    if seen.dtype is torch.bool:
        share = seen.values.double().mean().clamp(0.25, 0.75)
        return torch.rand(shape, generator=generator) < share
    if seen.integer:
        return _integers(seen, seen.low, seen.top, shape, generator)
    if seen.dtype.is_complex:
        parts = torch.randn(2, *shape, generator=generator, dtype=torch.float64) * max(seen.high, 1e-3) / 2
        return torch.complex(parts[0], parts[1])
    if seen.low >= 0 and seen.high > 0:  # probabilities, weights, distances
        low = seen.low if seen.low < seen.high else 0.0
        return low + torch.rand(shape, generator=generator, dtype=torch.float64) * (seen.high - low)
    values = seen.values.double().nan_to_num(0.0, 0.0, 0.0)
    spread = values.std(correction=0).item() or max(abs(seen.high), 1.0)
    return values.mean() + torch.randn(shape, generator=generator, dtype=torch.float64) * spread


def kept(seen: Observed, shape: tuple[int, ...], _generator: torch.Generator) -> torch.Tensor:
    """The example's values, repeated or cut where the shape is another."""
    count = math.prod(shape)
    return seen.values.repeat(-(-count // seen.values.numel()))[:count].reshape(shape)


def permuted(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The example's values in another order."""
    values = kept(seen, shape, generator).reshape(-1)
    return values[torch.randperm(values.numel(), generator=generator)].reshape(shape)


def filled_with(value: float) -> Draw:
    """All equal to one number; to the nearest one that integers of this input may be."""

    def draw(seen: Observed, shape: tuple[int, ...], _generator: torch.Generator) -> torch.Tensor:
        number = value if seen.admit(value) else min(max(value, seen.low), seen.top)
        return torch.full(shape, number, dtype=torch.float64)

    return draw


def all_equal(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """One value as the example has them, everywhere."""
    return alike(seen, (1,), generator).expand(math.prod(shape)).reshape(shape)


def negated(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The sign flipped, bools turned around. Integers are mirrored within their range."""
    values = kept(seen, shape, generator)
    if seen.dtype is torch.bool:
        return ~values
    return (seen.low + seen.top - values).clamp(seen.low, seen.top) if seen.integer else -values


def scaled(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Ten times or a tenth of the example; integers at the ends of their range."""
    up = bool(torch.rand((), generator=generator) < 0.6)
    if seen.integer or seen.dtype is torch.bool:
        ends = torch.tensor([seen.low, seen.top if seen.integer else 1.0], dtype=torch.float64)
        return ends[torch.randint(0, 2, shape, generator=generator)]
    return kept(seen, shape, generator) * (10.0 if up else 0.1)


def widened(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Values beyond the observed range; integers below the table they index, and negative ones only if there were."""
    if seen.dtype is torch.bool:
        return alike(seen, shape, generator)
    if not seen.integer:
        return alike(seen, shape, generator) * WIDER
    if seen.fixed:
        return alike(seen, shape, generator)
    span = max(seen.high - seen.low, 1) * (WIDER - 1)
    high = seen.high + span if seen.limit is None else seen.limit - 1
    low = max(seen.low - span, 0) if seen.low >= 0 else seen.low - span
    return _integers(seen, low, max(high, 0), shape, generator)


def nudged(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The example with one element changed."""
    values = kept(seen, shape, generator).clone()
    if values.numel():
        index = int(torch.randint(0, values.numel(), (), generator=generator))
        fresh = alike(seen, (1,), generator) if seen.dtype is not torch.bool else ~values.reshape(-1)[index]
        values.view(-1)[index] = fresh.to(values.dtype).reshape(())
    return values


def strayed(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The example with up to half of its elements taken from outside what it shows: a one-sided range may be an
    accident of the example, and values that are all changed may break an assumption that a few would leave alone.
    """
    values = kept(seen, shape, generator).clone()
    if not values.numel():
        return values
    most = max(values.numel() // 2, 1)
    count = int(torch.randint(min(2, most), most + 1, (), generator=generator))
    where = torch.randperm(values.numel(), generator=generator)[:count]
    flat = values.view(-1)
    if seen.integer:
        flat[where] = widened(seen, (count,), generator).to(values.dtype)
    elif seen.dtype is torch.bool:
        flat[where] = ~flat[where]
    else:
        factors = torch.tensor([-1.0, 10.0, 0.0, -10.0], dtype=torch.float64).repeat(count // 4 + 1)[:count]
        flat[where] = (flat[where] * factors).to(values.dtype)
    return values


def shifted(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The example with one number added to all of it: what is asked of the largest may hold, of the mean no longer."""
    values = kept(seen, shape, generator)
    if seen.integer or seen.dtype is torch.bool:
        return permuted(seen, shape, generator)
    finite = seen.values[torch.isfinite(seen.values)]
    spread = finite.abs().std(correction=0).item() if finite.numel() else 1.0
    share = 0.05 + 0.45 * torch.rand((), generator=generator).item()
    sign = 1.0 if torch.rand((), generator=generator) < 0.5 else -1.0
    return values + sign * share * (spread or 1.0)


def nearby(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The example moved a little: a tenth, a hundredth or a thousandth of the way to other values."""
    values = kept(seen, shape, generator)
    if seen.integer or seen.dtype is torch.bool:
        return nudged(seen, shape, generator)
    step = 10.0 ** -int(torch.randint(1, 4, (), generator=generator))
    return values + step * (alike(seen, shape, generator) - values)


def with_a_nan(seen: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Values as the example has them, one of them no number."""
    values = alike(seen, shape, generator)
    if values.numel() and not seen.integer and seen.dtype is not torch.bool:
        values.view(-1)[int(torch.randint(0, values.numel(), (), generator=generator))] = math.nan
    return values


KINDS: dict[str, Draw] = {
    "values alike": alike,
    "values kept": kept,
    "values permuted": permuted,
    "values negated": negated,
    "zeros": filled_with(0.0),
    "ones": filled_with(1.0),
    "values all equal": all_equal,
    "values scaled": scaled,
    "values from a wider range": widened,
    "one element changed": nudged,
    "a few elements beyond the range": strayed,
    "values shifted": shifted,
    "values nearby": nearby,
    "a NaN among the values": with_a_nan,
}
"""What a draw is called in a trial's origin → the draw."""


def _integers(
    seen: Observed, low: float, high: float, shape: tuple[int, ...], generator: torch.Generator
) -> torch.Tensor:
    info = torch.iinfo(seen.dtype)
    least, most = max(int(low), info.min), min(int(high), info.max - 1)
    least = min(least, most)
    return torch.randint(least, most + 1, shape, generator=generator)


def fill(tensor: torch.Tensor, values: Any) -> None:
    """Writes drawn values into an input, whatever its dtype, device and strides."""
    with torch.no_grad():
        tensor.detach().copy_(values.to(tensor.device))
