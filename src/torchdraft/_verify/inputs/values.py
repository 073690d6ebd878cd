"""Draws values for one input: similar to those of the example, and special ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

WIDER = 4
"""Factor by which a wider range exceeds the observed one."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The values of one input in the example, and what is known about its range."""

    values: torch.Tensor
    """The values of the example, flattened, on the CPU; never empty."""
    low: float
    high: float
    limit: int | None = None
    """For integers: exclusive upper bound of all draws."""
    fixed: bool = False
    """For integers: values outside of the observed range may be invalid indices."""

    @classmethod
    def of(cls, example: torch.Tensor, limit: int | None = None, fixed: bool = False) -> Observed:
        """The observed values of an example. An empty example counts as a single zero."""
        flat = example.detach().resolve_conj().resolve_neg().cpu().reshape(-1)
        if not flat.numel():
            flat = torch.zeros(1, dtype=example.dtype)
        real = flat.abs() if flat.is_complex() else flat
        finite = real[torch.isfinite(real)] if real.is_floating_point() else real
        ends = (0.0, 0.0) if not finite.numel() else (finite.double().min().item(), finite.double().max().item())
        return cls(flat, ends[0], ends[1], limit, fixed)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the input."""
        return self.values.dtype

    @property
    def integer(self) -> bool:
        """True if the values are integers."""
        return not self.dtype.is_floating_point and not self.dtype.is_complex and self.dtype is not torch.bool

    @property
    def top(self) -> int:
        """The largest integer to draw within the observed range and below `limit`."""
        return int(self.high) if self.limit is None else max(min(int(self.high), self.limit - 1), 0)

    def admit(self, value: float) -> bool:
        """True if a special value may be drawn. An integer must lie within the observed range."""
        return not self.integer or self.low <= value <= self.top


Draw = Callable[[Observed, tuple[int, ...], torch.Generator], torch.Tensor]


def similar(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Similar values: integers and one-sided floats from its range, other floats from a normal distribution."""
    if observed.dtype is torch.bool:
        share = observed.values.double().mean().clamp(0.25, 0.75)
        return torch.rand(shape, generator=generator) < share
    if observed.integer:
        return _integers(observed, observed.low, observed.top, shape, generator)
    if observed.dtype.is_complex:
        parts = torch.randn(2, *shape, generator=generator, dtype=torch.float64) * max(observed.high, 1e-3) / 2
        return torch.complex(parts[0], parts[1])
    if observed.low >= 0 and observed.high > 0:  # probabilities, weights, distances
        low = observed.low if observed.low < observed.high else 0.0
        return low + torch.rand(shape, generator=generator, dtype=torch.float64) * (observed.high - low)
    values = observed.values.double().nan_to_num(0.0, 0.0, 0.0)
    spread = values.std(correction=0).item() or max(abs(observed.high), 1.0)
    return values.mean() + torch.randn(shape, generator=generator, dtype=torch.float64) * spread


def example_values(observed: Observed, shape: tuple[int, ...], _generator: torch.Generator) -> torch.Tensor:
    """The values of the example, repeated or cut to the shape."""
    count = math.prod(shape)
    return observed.values.repeat(-(-count // observed.values.numel()))[:count].reshape(shape)


def permuted(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The values of the example in another order."""
    values = example_values(observed, shape, generator).reshape(-1)
    return values[torch.randperm(values.numel(), generator=generator)].reshape(shape)


def filled_with(value: float) -> Draw:
    """A draw of one number everywhere; for integers, the nearest one within the observed range."""

    def draw(observed: Observed, shape: tuple[int, ...], _generator: torch.Generator) -> torch.Tensor:
        number = value if observed.admit(value) else min(max(value, observed.low), observed.top)
        return torch.full(shape, number, dtype=torch.float64)

    return draw


def all_equal(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """One value similar to the example, everywhere."""
    return similar(observed, (1,), generator).expand(math.prod(shape)).reshape(shape)


def negated(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The values of the example negated. Integers are mirrored within their range."""
    values = example_values(observed, shape, generator)
    if observed.dtype is torch.bool:
        return ~values
    return (observed.low + observed.top - values).clamp(observed.low, observed.top) if observed.integer else -values


def scaled(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Ten times or a tenth of the example. Integers are set to the ends of their range."""
    up = bool(torch.rand((), generator=generator) < 0.6)
    if observed.integer or observed.dtype is torch.bool:
        ends = torch.tensor([observed.low, observed.top if observed.integer else 1.0], dtype=torch.float64)
        return ends[torch.randint(0, 2, shape, generator=generator)]
    return example_values(observed, shape, generator) * (10.0 if up else 0.1)


def widened(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Values beyond the observed range. Integers stay below their table, and negative ones need one in the example."""
    if observed.dtype is torch.bool:
        return similar(observed, shape, generator)
    if not observed.integer:
        return similar(observed, shape, generator) * WIDER
    if observed.fixed:
        return similar(observed, shape, generator)
    span = max(observed.high - observed.low, 1) * (WIDER - 1)
    high = observed.high + span if observed.limit is None else observed.limit - 1
    low = max(observed.low - span, 0) if observed.low >= 0 else observed.low - span
    return _integers(observed, low, max(high, 0), shape, generator)


def one_changed(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The values of the example with one element changed."""
    values = example_values(observed, shape, generator).clone()
    if values.numel():
        index = int(torch.randint(0, values.numel(), (), generator=generator))
        fresh = similar(observed, (1,), generator) if observed.dtype is not torch.bool else ~values.reshape(-1)[index]
        values.view(-1)[index] = fresh.to(values.dtype).reshape(())
    return values


def some_outside(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The values of the example with up to half of the elements from outside its range. The observed range may be a
    coincidence, and changing all elements may violate an assumption that a few changed elements do not violate.
    """
    values = example_values(observed, shape, generator).clone()
    if not values.numel():
        return values
    most = max(values.numel() // 2, 1)
    count = int(torch.randint(min(2, most), most + 1, (), generator=generator))
    where = torch.randperm(values.numel(), generator=generator)[:count]
    flat = values.view(-1)
    if observed.integer:
        flat[where] = widened(observed, (count,), generator).to(values.dtype)
    elif observed.dtype is torch.bool:
        flat[where] = ~flat[where]
    else:
        factors = torch.tensor([-1.0, 10.0, 0.0, -10.0], dtype=torch.float64).repeat(count // 4 + 1)[:count]
        flat[where] = (flat[where] * factors).to(values.dtype)
    return values


def beginning_kept(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The first half of the example, and other values from a wider range. Python code reads first elements (`x[0]`),
    and an assertion about them rejects every input in which they change.
    """
    values = example_values(observed, shape, generator).clone().reshape(-1)
    kept = -(-values.numel() // 2)
    draw = similar if observed.integer else widened
    values[kept:] = draw(observed, (values.numel() - kept,), generator).to(values.dtype)
    return values.reshape(shape)


def shifted(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The example plus one constant: a condition on the mean may change while one on the maximum still holds."""
    values = example_values(observed, shape, generator)
    if observed.integer or observed.dtype is torch.bool:
        return permuted(observed, shape, generator)
    finite = observed.values[torch.isfinite(observed.values)]
    spread = finite.abs().std(correction=0).item() if finite.numel() else 1.0
    share = 0.05 + 0.45 * torch.rand((), generator=generator).item()
    sign = 1.0 if torch.rand((), generator=generator) < 0.5 else -1.0
    return values + sign * share * (spread or 1.0)


def nearby(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """The example moved by a tenth, a hundredth or a thousandth of the distance to similar values."""
    values = example_values(observed, shape, generator)
    if observed.integer or observed.dtype is torch.bool:
        return one_changed(observed, shape, generator)
    step = 10.0 ** -int(torch.randint(1, 4, (), generator=generator))
    return values + step * (similar(observed, shape, generator) - values)


def with_a_nan(observed: Observed, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Values similar to the example, one of them NaN."""
    values = similar(observed, shape, generator)
    if values.numel() and not observed.integer and observed.dtype is not torch.bool:
        values.view(-1)[int(torch.randint(0, values.numel(), (), generator=generator))] = math.nan
    return values


KINDS: dict[str, Draw] = {
    "values alike": similar,
    "values kept": example_values,
    "values permuted": permuted,
    "values negated": negated,
    "zeros": filled_with(0.0),
    "ones": filled_with(1.0),
    "values all equal": all_equal,
    "values scaled": scaled,
    "values from a wider range": widened,
    "one element changed": one_changed,
    "a few elements beyond the range": some_outside,
    "the first half kept": beginning_kept,
    "values shifted": shifted,
    "values nearby": nearby,
    "a NaN among the values": with_a_nan,
}
"""The draws by their names in `Trial.origin`."""


def _integers(
    observed: Observed, low: float, high: float, shape: tuple[int, ...], generator: torch.Generator
) -> torch.Tensor:
    info = torch.iinfo(observed.dtype)
    least, most = max(int(low), info.min), min(int(high), info.max - 1)
    least = min(least, most)
    return torch.randint(least, most + 1, shape, generator=generator)


def fill(tensor: torch.Tensor, values: Any) -> None:
    """Writes drawn values into an input of any dtype, device and strides."""
    with torch.no_grad():
        tensor.detach().copy_(values.to(tensor.device))
