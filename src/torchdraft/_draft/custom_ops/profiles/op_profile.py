"""The data of an operator profile.

These classes are torch's, with fields that torch does not have. A profile that needs none of them equals torch's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from torchdraft._torch.library import OpProfile as TorchProfile
from torchdraft._torch.library import TensorMetadata

from .size_relations import check_relation


@dataclass(frozen=True, slots=True)
class OneOf:
    """The numbers, strings, dtypes (as text) or lists of them that an argument was; without values, any of them."""

    values: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return " or ".join(map(repr, self.values)) if self.values else "any number"


ANY = OneOf()
"""A symbolic number, a float, or what no profile can tell apart."""


@dataclass(frozen=True)
class OutputMetadata(TensorMetadata):
    """A tensor that an operator returns: rank, dtype, device and layout, and how it lies in memory."""

    stride_order: tuple[int, ...] | None = None
    """Dimensions from the smallest stride to the largest one; None for a contiguous tensor."""
    gaps: tuple[int, ...] = ()
    """Dimensions whose stride is not the product of the sizes before them in `stride_order`."""
    expanded: tuple[int, ...] = ()
    """Dimensions with stride 0."""
    sizes: tuple[str | int | None, ...] | None = None
    """The size of each dimension in terms of the operator's arguments (`x.shape[0] + 2 * k`); None where it is free."""
    shares: str = ""
    """The argument (`x`) or earlier output (`output 0`) that it is, or `view of` one; empty for memory of its own. A
    fake kernel returns the argument itself; other tensors have memory of their own.
    """

    def __post_init__(self) -> None:
        for name in ("stride_order", "gaps", "expanded", "sizes"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, tuple(value))
        if self.stride_order is not None and sorted(self.stride_order) != list(range(self.rank)):
            raise ValueError(f"stride_order={self.stride_order}: expected each of the {self.rank} dimensions once")
        if self.sizes is not None and len(self.sizes) != self.rank:
            raise ValueError(f"sizes={self.sizes}: expected one for each of the {self.rank} dimensions")
        for relation in self.sizes or ():
            if relation is not None:
                check_relation(relation)

    def plain(self) -> Any:
        """torch's class, where nothing more is known."""
        bare = TensorMetadata(self.rank, self.dtype, self.device, self.layout)
        return bare if self == OutputMetadata(self.rank, self.dtype, self.device, self.layout) else self


@dataclass(frozen=True, slots=True)
class Value:
    """A number or string that an operator returns, which no symbol can be: the values that were observed."""

    kind: type
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class OpProfile(TorchProfile):
    """What one call of an operator takes and returns.

    `OpProfile(args_profile, out_profile)` is what torch's class is: the metadata of the arguments, None for one that is
    no tensor, and of the outputs.
    """

    arguments: tuple[tuple[str, Any], ...] | Mapping[str, Any] | None = None
    """Name → metadata, `OneOf`, None or a tuple of these, for each argument. None: `args_profile` says it all."""

    def __post_init__(self) -> None:
        if isinstance(self.arguments, Mapping):
            object.__setattr__(self, "arguments", tuple(self.arguments.items()))

    def __eq__(self, other: object) -> bool:
        return _parts(self) == _parts(other) if isinstance(other, TorchProfile) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.args_profile, self.out_profile))  # as torch's, which this may equal


def arguments_of(profile: Any) -> tuple[tuple[str, Any], ...] | None:
    """The arguments of a profile by name; None for those of torch."""
    return getattr(profile, "arguments", None)


def _parts(profile: Any) -> tuple[Any, ...]:
    return (profile.args_profile, profile.out_profile, arguments_of(profile))


def fits_argument(wanted: Any, given: Any, *, lax: bool = False) -> bool:
    """Whether an argument is one that a profile has."""
    if isinstance(wanted, OneOf):
        if not isinstance(given, OneOf):
            return False
        return wanted == ANY or (lax and given == ANY) or (given != ANY and given.values[0] in wanted.values)
    if isinstance(wanted, tuple) and isinstance(given, tuple):
        return len(wanted) == len(given) and all(map(fits_argument, wanted, given))
    return bool(wanted == given)


def merge_op_profiles(*op_profiles: Mapping[str, Set[Any]]) -> dict[str, set[Any]]:
    """The profiles of several reports or files in one.

    Profiles that differ only in a number, a string or a dtype among the arguments become one that lists the values.
    """
    merged: dict[str, set[Any]] = {}
    for profiles in op_profiles:
        for op, each in profiles.items():
            merged.setdefault(op, set()).update(each)
    return {op: merged_profiles(each) for op, each in merged.items()}


def merged_profiles(profiles: Iterable[Any]) -> set[Any]:
    """Profiles of one operator, with those merged that differ in one argument's number, string or dtype alone."""
    left = sorted(profiles, key=repr)
    done: list[Any] = []
    while left:
        first = left.pop(0)
        for index, other in enumerate(left):
            both = _merged(first, other)
            if both is not None:
                left[index] = both
                break
        else:
            done.append(first)
    return set(done)


def _merged(first: Any, second: Any) -> Any:
    """One profile in the place of two; None where they differ in more than the values of one argument."""
    left, right = arguments_of(first), arguments_of(second)
    if (
        left is None
        or right is None
        or (first.args_profile, first.out_profile)
        != (
            second.args_profile,
            second.out_profile,
        )
    ):
        return None
    if [name for name, _ in left] != [name for name, _ in right]:
        return None
    differing = [index for index, (one, other) in enumerate(zip(left, right, strict=True)) if one != other]
    if len(differing) != 1:
        return first if not differing else None
    name, one = left[differing[0]]
    other = right[differing[0]][1]
    if not isinstance(one, OneOf) or not isinstance(other, OneOf):
        return None
    values = ANY if ANY in (one, other) else OneOf(tuple(sorted({*one.values, *other.values}, key=repr)))
    arguments = (*left[: differing[0]], (name, values), *left[differing[0] + 1 :])
    return OpProfile(first.args_profile, first.out_profile, arguments)
