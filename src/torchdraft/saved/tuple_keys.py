"""Tuples as keys of dictionaries (`edges["user", "buys", "item"]`) in the structure of a program's inputs.

The structure is saved as JSON, where a tuple becomes a list, and a list is no key. Members of an enumeration are saved
by name, so each tuple is replaced by a member that equals it. Dictionaries among the outputs are wrapped instead
(`structures.KeyedOutput`): the program has to return plain ones.
"""

from __future__ import annotations

import enum
import json
from typing import Any, cast


class _MemberByText(enum.EnumMeta):
    """Looks a member up as the loader does: `TupleKey[name]`, where `name` is the tuple's text."""

    def __getitem__(cls, name: str) -> Any:
        return tuple_key(tuple_from_text(name))


class TupleKey(enum.Enum, metaclass=_MemberByText):
    """Stands for a tuple in the structure of a program's inputs."""

    __module__ = "torchdraft.saved"  # files refer to the class by this name

    def __eq__(self, other: object) -> bool:
        return bool(self._value_ == (other._value_ if isinstance(other, TupleKey) else other))

    def __hash__(self) -> int:
        return hash(self._value_)

    def __repr__(self) -> str:
        return repr(self._value_)


def tuple_key(key: tuple[Any, ...]) -> TupleKey:
    """The member that stands for `key`."""
    member: Any = object.__new__(TupleKey)
    member._name_, member._value_ = text_from_tuple(key), key
    return cast(TupleKey, member)


def text_from_tuple(key: tuple[Any, ...]) -> str:
    """A tuple of strings, numbers and tuples as text."""
    return json.dumps(key)


def tuple_from_text(text: str) -> tuple[Any, ...]:
    """The tuple that `text_from_tuple` wrote."""
    key: tuple[Any, ...] = lists_as_tuples(json.loads(text))
    return key


def lists_as_tuples(value: Any) -> Any:
    """`value` with tuples in the place of lists, which JSON made of them."""
    return tuple(lists_as_tuples(v) for v in value) if isinstance(value, list) else value


def has_encodable_tuples(keys: Any) -> bool:
    """Whether there are tuples among the keys, and all of these survive as text."""
    tuples = [key for key in keys if isinstance(key, tuple)]
    try:
        return bool(tuples) and all(tuple_from_text(text_from_tuple(key)) == key for key in tuples)
    except TypeError:
        return False
