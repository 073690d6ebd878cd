"""Finds calls that an operator accepts, beginning with given ones.

A call is varied in each number alone, in all together, and in its structure (ranks, flags, arguments left out), its
dtypes, its layouts and its data. All that the operator returned is kept.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import torch

from .calls import Call, with_data
from .changes import Address, Structure, addresses, read, structure, write
from .links import Group, find_groups, moved
from .observed import Observed, shapes, shares_memory
from .variants import (
    combinations_with,
    data_variants,
    dtype_variants,
    float_variants,
    layout_variants,
    structure_variants,
)
from .worker import Experiments


@dataclass(slots=True)
class Budget:
    """How much may be run."""

    seconds: float
    structures: int = 9
    samples: int = 40
    started: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """The seconds that are left."""
        return self.seconds - (time.monotonic() - self.started)


@dataclass(frozen=True, slots=True)
class Family:
    """Calls of one structure: the first of them, and how its numbers can be changed."""

    seed: Call
    groups: tuple[Group, ...]
    broadcast: tuple[Address, ...] = ()
    """Sizes that may be 1, whatever those that they are in a group with are."""
    refused: Mapping[Address, int] = field(default_factory=dict)
    """Integer arguments, with the number below that of the first call that the operator rejects in its place."""


@dataclass(slots=True)
class Explorer:
    """All calls that were made, and their outputs."""

    experiments: Experiments
    budget: Budget
    random: random.Random
    trials: dict[Call, Observed] = field(default_factory=dict)
    """Accepted calls."""
    counts: Counter[Structure] = field(default_factory=Counter)
    """How many accepted calls have each structure."""
    rejected: dict[Call, str] = field(default_factory=dict)
    pairs: list[tuple[Call, Call]] = field(default_factory=list)
    """Accepted calls that differ in one group of numbers."""
    repeats: list[tuple[Call, Call]] = field(default_factory=list)
    """Accepted calls that differ in nothing but the data."""
    shared: bool = False
    """Whether outputs share memory with arguments, as the first call says."""
    sharing: list[Call] = field(default_factory=list)
    """Calls that were left out because only their outputs share memory with an argument."""
    floats: list[tuple[Call, Call]] = field(default_factory=list)
    """Accepted calls that differ in one float."""
    families: dict[Structure, Family] = field(default_factory=dict)
    preferred: str = "given"
    origins: list[Call] = field(default_factory=list)
    foreign: list[tuple[Call, Call]] = field(default_factory=list)
    """Calls and the same with other dtypes, whose outputs have other shapes: their dtypes are left out."""

    def run(self, call: Call) -> Call | None:
        """Runs a call, with other data where the operator rejects it. The accepted call, or None."""
        for data in self._kinds_of_data(call):
            attempt = call if data == call.data else with_data(call, data, call.seed)
            if attempt in self.trials:
                return attempt
            if attempt in self.rejected:
                continue
            ((_, seen),) = self.experiments.run([attempt])
            if seen.ok and self.trials and not self.shared and shares_memory(seen):
                self.sharing.append(attempt)
                seen = Observed(error="an output shares memory with an argument, which it does not in other calls")
            if seen.ok:
                self.shared = self.shared or shares_memory(seen)
                self.trials[attempt] = seen
                self.counts[structure(attempt)] += 1
                self.preferred = data
                return attempt
            self.rejected[attempt] = seen.error
        return None

    def _kinds_of_data(self, call: Call) -> Iterable[str]:
        whole = any(not (t.dtype.is_floating_point or t.dtype is torch.bool) for t in call.tensors())
        if not whole or call.data != "given":
            return (call.data,)
        return dict.fromkeys((self.preferred, "given", "small", "sorted", "zeros"))

    def explore(self, calls: list[Call]) -> None:
        """Explores all structures that can be reached from the given calls."""
        self.origins = calls
        waiting = list(calls)
        combined: set[Structure] = set()
        for call in waiting:
            if len(self.families) >= self.budget.structures or self.budget.left() < 0.4 * self.budget.seconds:
                break
            given = call in calls
            if structure(call) in self.families:
                continue
            if (accepted := self.run(call)) is None:
                continue
            self._family(accepted, full=not self.families or given)
            if given:
                waiting += structure_variants(accepted)
            elif structure(accepted) not in combined:
                combined.add(structure(accepted))
                waiting += combinations_with(accepted, calls)

    def _family(self, seed: Call, *, full: bool) -> None:
        seed = self._with_distinct_sizes(seed)
        accepted: list[Call] = []

        def accepts(call: Call) -> bool:
            found = self.run(call)
            if found is not None and structure(found) == structure(seed):
                accepted.append(found)
                self.pairs.append((seed, found))
            return found is not None

        groups, broadcast = find_groups(seed, accepts)
        family = self.families[structure(seed)] = Family(
            seed, tuple(groups), tuple(broadcast), dict(self._refused(seed, groups))
        )
        samples = self.sample(family, self.budget.samples if full else self.budget.samples // 2)
        for sample in samples[: 4 if full else 1]:
            self._one_at_a_time(sample, groups)
        bases = [seed, *samples[:2]]
        for base in bases[: None if full else 2]:
            for variant in layout_variants(base):
                self.run(variant)
        for variant in dtype_variants(seed, full=full):
            self._with_other_dtypes(seed, variant)
        for base in bases:
            self.floats += [(base, found) for v in float_variants(base) if (found := self.run(v)) is not None]
        for base in (*bases, *samples[2 : 6 if full else 3]):
            self._with_other_data(base)

    def _refused(self, seed: Call, groups: Iterable[Group]) -> Iterator[tuple[Address, int]]:
        for (address, _), *others in groups:
            number = read(seed, address) - 1
            if address.kind == "number" and not others and write(seed, {address: number}) in self.rejected:
                yield address, number

    def _with_other_dtypes(self, seed: Call, variant: Call) -> None:
        known = variant in self.trials
        accepted = self.run(variant)
        if accepted is None or known or accepted == seed:
            return
        if shapes(self.trials[accepted]) != shapes(self.trials[seed]) and not self._decided_by_data(seed):
            self.foreign.append((seed, accepted))
            del self.trials[accepted]
            self.counts[structure(accepted)] -= 1

    def _decided_by_data(self, seed: Call) -> bool:
        """Whether other data alone gives other shapes."""
        variants = (self.run(variant) for variant in data_variants(seed))
        return any(v is not None and shapes(self.trials[v]) != shapes(self.trials[seed]) for v in variants)

    def _with_distinct_sizes(self, seed: Call) -> Call:
        """A call near `seed` in which no size is 0 or 1, where the operator accepts one: those are special."""
        for address in addresses(seed):
            if address.kind == "size" and read(seed, address) < 2:
                seed = self.run(write(seed, {address: 3})) or seed
        return seed

    def _one_at_a_time(self, sample: Call, groups: Iterable[Group]) -> None:
        for group in groups:
            for call in moved(sample, group):
                if (accepted := self.run(call)) is not None:
                    self.pairs.append((sample, accepted))

    def _with_other_data(self, base: Call) -> None:
        for variant in data_variants(base):
            if (accepted := self.run(variant)) is not None:
                self.repeats.append((base, accepted))

    def sample(self, family: Family, count: int, *, always: bool = False) -> list[Call]:
        """Accepted calls with other numbers in all places. `always`: even if the time is up."""
        found: list[Call] = []
        for _ in range(12 * count):
            if len(found) >= count or (not always and self.budget.left() < 0.25 * self.budget.seconds):
                break
            call = self.run(self.propose(family))
            if call is not None and call not in found:
                found.append(call)
        return found

    def propose(self, family: Family) -> Call:
        """A call of the family that the operator may or may not accept."""
        numbers: dict[Address, int] = {}
        grouped = {address for group in family.groups for address, _ in group}
        for group in family.groups:
            if self.random.random() < 0.75:
                address, factor = group[0]
                unit = self._number(read(family.seed, address) // factor, address, family.refused.get(address))
                numbers |= {a: f * unit for a, f in group}
        numbers |= {address: 1 for address in family.broadcast if self.random.random() < 0.25}
        for address in addresses(family.seed):
            if address not in grouped and self.random.random() < 0.25:
                numbers[address] = self._number(read(family.seed, address), address)
        if len(numbers) > 1 and self.random.random() < 0.2:
            left, right = self.random.sample(sorted(numbers), 2)
            if left.kind == right.kind == "size":
                numbers[left] = numbers[right]
        return with_data(write(family.seed, numbers), "given", self.random.randrange(1 << 16))

    def _number(self, now: int, address: Address, refused: int | None = None) -> int:
        if address.kind == "length":
            return self.random.randint(1, 5)
        if address.kind == "number":
            near = (now - 2, now - 1, now, now + 1, now + 2, now + 3)
            zero = -1 if now < 0 or self.random.random() < 0.3 else 0
            numbers: tuple[int, ...] = (*near, 1, 2, 3, 4, 5, zero)
            if refused is not None and self.random.random() < 0.9:  # it may be accepted together with others
                numbers = tuple(number for number in numbers if number > refused)
            return self.random.choice(numbers)
        if self.random.random() < 0.06:
            return self.random.choice((0, 1))
        return self.random.choice((*range(2, 14), *range(max(now - 3, 2), now + 12)))

    def all_of(self, key: Structure) -> Iterator[tuple[Call, Observed]]:
        """The accepted calls of one structure."""
        for call, seen in self.trials.items():
            if structure(call) == key:
                yield call, seen
