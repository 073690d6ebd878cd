"""Which numbers of a call can be changed alone, and which only together, as in `(a, n) @ (n, b)`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from .calls import Call
from .changes import Address, addresses, has, read, write

Group = tuple[tuple[Address, int], ...]
"""Addresses whose numbers are changed together, each with its factor: their number is the factor times one number."""

STEPS = (1, 2, 3, -1)
MOST_SUBSETS = 120


def find_groups(call: Call, accepts: Callable[[Call], bool]) -> tuple[list[Group], list[Address]]:
    """The groups of numbers that the operator lets change, and the sizes that may be 1 where others are not: those that
    are broadcast. Numbers that cannot be changed are in neither.
    """
    groups: list[Group] = []
    stuck, broadcast = [], []
    for address in addresses(call):
        group = ((address, 1),)
        numbers = _accepted(call, group, accepts)
        if not numbers and address.kind == "size" and accepts(write(call, {address: 1})):
            numbers = [1]
        if address.kind == "size" and numbers == [1]:
            broadcast.append(address)
        if numbers and address not in broadcast:
            groups.append(group)
        else:
            stuck.append(address)
    while stuck:
        found = next((g for g in _candidates(call, stuck) if _is_free(call, g, accepts)), None)
        if found is None:
            break
        groups.append(found)
        members = {address for address, _ in found}
        stuck = [address for address in stuck if address not in members]
    groups += [((address, 1),) for address in stuck if address in broadcast]
    return groups, [address for address in broadcast if address not in stuck]


def moved(call: Call, group: Group) -> Iterator[Call]:
    """The call with other numbers in one group."""
    if not all(has(call, address) for address, _ in group):
        return
    address, factor = group[0]
    unit = read(call, address) // factor
    for step in STEPS:
        if unit + step >= (1 if address.kind != "number" else -1):
            yield write(call, {a: f * (unit + step) for a, f in group})


def _accepted(call: Call, group: Group, accepts: Callable[[Call], bool]) -> list[int]:
    """The numbers that the operator accepts for a group. All are tried: the outputs say what depends on the group."""
    address, factor = group[0]
    return [read(changed, address) // factor for changed in moved(call, group) if accepts(changed)]


def _is_free(call: Call, group: Group, accepts: Callable[[Call], bool]) -> bool:
    """Whether the operator accepts a number other than 1, which is accepted where sizes are broadcast."""
    return any(number != 1 for number in _accepted(call, group, accepts))


def _candidates(call: Call, stuck: Sequence[Address]) -> Iterator[Group]:
    """Groups to try: equal numbers, the most likely ones first, then multiples."""
    first, *others = stuck
    for start in range(len(stuck)):
        first, others = stuck[start], [*stuck[:start], *stuck[start + 1 :]]
        equal = [a for a in others if read(call, a) == read(call, first)]
        alike = [a for a in equal if (a.kind, a.dim) == (first.kind, first.dim)]
        yield tuple((a, 1) for a in (first, *alike)) if alike else ((first, 1),)
        tried = 0
        for count in range(1, min(len(equal), 4) + 1):
            for chosen in combinations(equal, count):
                tried += 1
                if tried > MOST_SUBSETS:
                    break
                yield tuple((a, 1) for a in (first, *chosen))
        if equal:
            yield tuple((a, 1) for a in (first, *equal))
    yield from _multiples(call, stuck)


def _multiples(call: Call, stuck: Sequence[Address]) -> Iterator[Group]:
    numbers: dict[Address, int] = defaultdict(int, {a: read(call, a) for a in addresses(call)})
    for first in stuck:
        for other, number in numbers.items():
            if other != first and number > 0 and numbers[first] > number and numbers[first] % number == 0:
                yield ((other, 1), (first, numbers[first] // number))
    for first in stuck:
        number = numbers[first]
        if number > 1:
            yield ((first, number),)
            yield from (((first, factor),) for factor in (2, 3) if number % factor == 0 and factor != number)
