"""Operator profiles in the JSON of a report.

A report is read where torch is not installed, and a profile holds dtypes: it is made of its data when it is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from torchdraft.model.presenters import presenter_of


class StoredProfiles(Mapping[str, Set[Any]]):
    """Operator → its profiles, of a report that was read. Equal to the mapping that was written."""

    def __init__(self, data: Mapping[str, Sequence[Any]]) -> None:
        self.data = data
        self._made: dict[str, frozenset[Any]] = {}

    def __getitem__(self, op: str) -> frozenset[Any]:
        if op not in self._made:
            self._made[op] = frozenset(_profile(each) for each in self.data[op])
        return self._made[op]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        return repr(dict(self))


def stored(profiles: Mapping[str, Set[Any]]) -> dict[str, list[Any]]:
    """The data of profiles, in an order that depends on nothing but them."""
    if isinstance(profiles, StoredProfiles):
        return {op: list(data) for op, data in profiles.data.items()}
    return {op: sorted(map(_data, each), key=json.dumps) for op, each in profiles.items()}


def _data(profile: Any) -> Any:
    """A profile as data; what is none as text."""
    if isinstance(profile, str):
        return profile
    return presenter_of("OpProfile").to_data(profile) if hasattr(profile, "args_profile") else repr(profile)


def _profile(data: Any) -> Any:
    return data if isinstance(data, str) else presenter_of("OpProfile").from_data(data)
