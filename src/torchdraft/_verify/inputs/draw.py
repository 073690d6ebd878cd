"""Draws inputs that a program should accept: sizes within its dynamic shapes, values similar to the example.

The first draws follow a fixed plan, ordered by how many errors they find. The later ones combine sizes and values at
random, and change inputs less often whose changes have been rejected.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from .call import Call
from .copies import copied_inputs
from .indices import Tables
from .interface import Interface, Leaf
from .sizes import Assignment, Sizes
from .values import KINDS, Observed, fill

SIZES = ("sizes random", "one size random", "sizes smallest", "sizes largest", "a size of 1", "a size of 0")

FIXED = "a fixed size changed"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to draw."""

    values: str
    """A key of `KINDS`."""
    sizes: str = ""
    """One of `SIZES`, `a fixed size changed`, or empty for the sizes of the example."""
    leaves: str = "all"
    """Which inputs change: `all`, `one`, `next` (in turn), or `some` (preferably those whose changes were accepted)."""
    times: int = 1
    python: bool = False
    """True if Python numbers and flags change."""


EXAMPLE = Variant("values kept")

MIXED = {
    "values alike": 5,
    "one element changed": 3,
    "a few elements beyond the range": 4,
    "the first half kept": 2,
    "values shifted": 3,
    "values nearby": 3,
    "values permuted": 2,
    "values negated": 2,
    "values from a wider range": 2,
    "values scaled": 1,
    "values all equal": 1,
    "zeros": 1,
    "ones": 1,
}
"""The weight of each kind of values after the plan."""

PLAN = (
    Variant("values alike", times=2),
    Variant("values alike", "sizes random"),
    Variant("values permuted"),
    Variant("values alike", "sizes smallest"),
    Variant("values negated"),
    Variant("values alike", "a size of 1"),
    Variant("one element changed", leaves="one"),
    Variant("a few elements beyond the range", leaves="next"),
    Variant("zeros"),
    Variant("the first half kept"),
    Variant("a few elements beyond the range", leaves="next"),
    Variant("values alike", "sizes largest"),
    Variant("a few elements beyond the range", leaves="next"),
    Variant("values nearby"),
    Variant("values shifted"),
    Variant("values kept", "one size random"),
    Variant("values alike", leaves="one"),
    Variant("values kept", python=True),
    Variant("values from a wider range"),
    Variant("ones"),
    Variant("values alike", FIXED),
    Variant("values all equal"),
    Variant("values scaled"),
    Variant("values alike", "a size of 0"),
    Variant("a NaN among the values"),
)


AIMED = (Variant("values negated"), Variant("values scaled"), Variant("values from a wider range"))
"""The first draws of a search for an input that takes another side of a branch."""


class Drawer:
    """Draws calls for one program. The same seed and the same outcomes give the same calls."""

    def __init__(self, interface: Interface, sizes: Sizes, tables: Tables, seed: int) -> None:
        self.interface = interface
        self.sizes = sizes
        self.seed = seed
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.tables = tables
        self.rejected = {leaf.name: 0 for leaf in interface.leaves}
        self.accepted = {leaf.name: 0 for leaf in interface.leaves}
        self.changed: frozenset[str] = frozenset()
        self.turn = 0

    def variants(self) -> Iterator[Variant]:
        """The example, then the plan, then an infinite sequence of combinations."""
        yield EXAMPLE
        yield from (variant for variant in PLAN if self._applies(variant))
        while True:
            yield self._mixed()

    def aimed(self) -> Iterator[Variant]:
        """An infinite sequence of ways to draw, for a search: those that change most come first."""
        yield from AIMED
        while True:
            yield self._mixed()

    def call(self, variant: Variant, number: int) -> Call:
        """A call for the variant. `number` selects the random seed of the call."""
        if variant is EXAMPLE:
            return Call(*self._example(), origin="example", seed=self.seed)
        sizes = self._sizes(variant)
        chosen = self._chosen(variant)
        resized = sizes != self.sizes.example or variant.sizes == FIXED
        values = self._resized(sizes, chosen, variant) if resized else self._refilled(chosen, variant)
        self.changed = frozenset(chosen)
        args, kwargs = self.interface.inputs(values)
        return Call(args, kwargs, _origin(variant, chosen, resized), self.seed + number, variant.times)

    def note_outcome(self, rejected: bool) -> None:
        """Notes whether the program rejected the last draw."""
        for name in self.changed:
            (self.rejected if rejected else self.accepted)[name] += 1

    # -- what varies

    def _applies(self, variant: Variant) -> bool:
        if variant.sizes in SIZES and not self.sizes:
            return False
        if variant.python and not any(_is_number(leaf) for leaf in self.interface.leaves):
            return False
        return variant.sizes != FIXED or bool(self._fixed())

    def _mixed(self) -> Variant:
        sizes = self.rng.choice(["", "", *SIZES[:4]] if self.sizes else [""])
        (values,) = self.rng.choices(list(MIXED), list(MIXED.values()))
        leaves = self.rng.choice(["all", "one", "some", "some"])
        return Variant(values, sizes, leaves, times=2 if self.rng.random() < 0.15 else 1)

    def _sizes(self, variant: Variant) -> Assignment:
        if variant.sizes not in SIZES:
            return self.sizes.example
        return self.sizes.draw(self.rng, variant.sizes)

    def _chosen(self, variant: Variant) -> list[str]:
        """The names of the inputs whose values change."""
        leaves = [leaf for leaf in self.interface.leaves if drawable(leaf)]
        floats = [leaf for leaf in leaves if leaf.example.is_floating_point()]
        names = [leaf.name for leaf in (floats if "NaN" in variant.values else leaves)]
        if not names or variant.leaves == "all":
            return names
        if variant.leaves == "next":
            self.turn += 1
            return [names[(self.turn - 1) % len(names)]]
        if variant.leaves == "one":
            weights = [self._acceptance(name) for name in names]
            return self.rng.choices(names, weights)
        return [name for name in names if self.rng.random() < self._acceptance(name)] or [self.rng.choice(names)]

    def _acceptance(self, name: str) -> float:
        """The estimated rate at which changes of this input are accepted."""
        return (self.accepted[name] + 1) / (self.accepted[name] + self.rejected[name] + 2)

    def _fixed(self) -> list[int]:
        """The static sizes of at least 2."""
        sizes = {int(s) for leaf in self.interface.leaves if drawable(leaf) for s in leaf.shape if s.is_number}
        return sorted(size for size in sizes if size > 1)

    # -- making the values

    def _example(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        inputs = self.interface.inputs([leaf.example for leaf in self.interface.leaves])
        args, kwargs = copied_inputs(inputs)
        return args, kwargs

    def _refilled(self, chosen: list[str], variant: Variant) -> list[Any]:
        """The tensors of the example with other values. Aliasing between them is preserved."""
        call = Call(*self._example())
        values = self.interface.values(call) or []
        for index, leaf in enumerate(self.interface.leaves):
            if leaf.name in chosen:
                values[index] = self._written(leaf, values[index], variant)
            elif variant.python and _is_number(leaf):
                values[index] = self._other_number(leaf.example)
        return values

    def _written(self, leaf: Leaf, tensor: torch.Tensor, variant: Variant) -> torch.Tensor:
        drawn = self._drawn(leaf, tuple(tensor.shape), self.sizes.example, variant)
        try:
            fill(tensor, drawn)
        except RuntimeError:  # elements of an expanded tensor share memory and cannot be written one by one
            return laid_out_like(leaf.example, drawn)
        return tensor

    def _resized(self, sizes: Assignment, chosen: list[str], variant: Variant) -> list[Any]:
        """New tensors. An input that occurs twice in the example occurs twice again."""
        shift = {self.rng.choice(self._fixed()): 1} if variant.sizes == FIXED else {}
        made: dict[Any, torch.Tensor] = {}
        values: list[Any] = []
        for leaf in self.interface.leaves:
            if leaf.number is not None:
                values.append(self.sizes.number(leaf, sizes))
            elif not drawable(leaf):
                values.append(leaf.example)
            else:
                kind = variant if leaf.name in chosen else Variant("values kept")
                shape = tuple(size + shift.get(size, 0) for size in self.sizes.shape(leaf, sizes))
                same = (_window(leaf.example), shape)
                if same not in made:
                    made[same] = laid_out_like(leaf.example, self._drawn(leaf, shape, sizes, kind))
                values.append(made[same])
        return values

    def _drawn(self, leaf: Leaf, shape: tuple[int, ...], sizes: Assignment, variant: Variant) -> torch.Tensor:
        limit = self.tables.limit(leaf, sizes)
        observed = Observed.of(leaf.example, limit, self.tables.unknown(leaf, sizes))
        drawn = KINDS[variant.values](observed, shape, self.generator)
        return drawn if limit is None else drawn.clamp(max=max(limit - 1, 0))

    def _other_number(self, value: Any) -> Any:
        if isinstance(value, bool):
            return not value
        return value + 1 if isinstance(value, int) else value * 2 + (value == 0)


def _origin(variant: Variant, chosen: list[str], resized: bool) -> str:
    """The description of a draw: `sizes random, values negated in x`."""
    some = variant.leaves != "all" and chosen
    where = f" in {', '.join(sorted(chosen)[:3])}{', …' if len(chosen) > 3 else ''}" if some else ""
    parts = [variant.sizes if resized else "", variant.values + where]
    parts += [
        *(["another Python argument"] if variant.python else []),
        *(["called twice"] if variant.times > 1 else []),
    ]
    return ", ".join(filter(None, parts))


def laid_out_like(example: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The values as a tensor with dtype, device and dimension order of the example."""
    order = sorted(range(example.dim()), key=lambda dim: (-example.stride(dim), dim))
    made = torch.empty([values.shape[dim] for dim in order], dtype=example.dtype, device=example.device)
    made = made.permute([order.index(dim) for dim in range(example.dim())])
    fill(made, values)
    return made.requires_grad_(example.requires_grad)


def drawable(leaf: Leaf) -> bool:
    """True if values can be written into copies of this input."""
    plain = leaf.is_tensor and type(leaf.example) in (torch.Tensor, torch.nn.Parameter)
    return plain and leaf.example.layout is torch.strided and not leaf.example.is_quantized


def _is_number(leaf: Leaf) -> bool:
    return leaf.number is None and isinstance(leaf.example, (int, float))


def _window(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Identifies the memory and the layout of a tensor."""
    return tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.shape, tensor.stride()
