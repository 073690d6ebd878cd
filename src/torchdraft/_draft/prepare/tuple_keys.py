"""Dictionaries with tuples as keys (`edges["user", "buys", "item"]`) among the inputs and outputs of a program.

The structure of inputs and outputs is written to a file as JSON, where a tuple becomes a list, and a list is no key.
Keys of inputs are replaced by objects that equal the tuples and are written as members of an enumeration, which the
loader looks up by name. Dictionaries of outputs are wrapped (`Keyed` in `returned.py`): the program returns plain ones.
"""

from __future__ import annotations

import enum
import json
from typing import Any

from torchdraft._torch import pytree


class _ByName(enum.EnumMeta):
    """The loader asks the class for a member by its name, which is the tuple's text."""

    def __getitem__(cls, name: str) -> Any:
        return tuple_key(key_of(name))


class TupleKey(enum.Enum, metaclass=_ByName):
    """Stands for a tuple in the structure of a program's inputs."""

    def __eq__(self, other: object) -> bool:
        return bool(self._value_ == (other._value_ if isinstance(other, TupleKey) else other))

    def __hash__(self) -> int:
        return hash(self._value_)

    def __repr__(self) -> str:
        return repr(self._value_)


def tuple_key(key: tuple[Any, ...]) -> TupleKey:
    """The stand-in of `key`."""
    made = object.__new__(TupleKey)
    made._name_, made._value_ = text_of(key), key
    return made


def text_of(key: tuple[Any, ...]) -> str:
    """A tuple of strings, numbers and tuples as text."""
    return json.dumps(key)


def key_of(text: str) -> tuple[Any, ...]:
    """The tuple whose text it is."""
    key: tuple[Any, ...] = as_tuple(json.loads(text))
    return key


def as_tuple(value: Any) -> Any:
    """What JSON made lists of, as tuples."""
    return tuple(as_tuple(v) for v in value) if isinstance(value, list) else value


def encode_tuple_keys(spec: Any) -> None:
    """Replaces tuples among the keys of dictionaries in a structure, so that it can be written and read."""
    for child in spec.children():
        encode_tuple_keys(child)
    keys = pytree.keys_of(spec)
    if has_tuples(keys):
        keys[:] = [tuple_key(key) if isinstance(key, tuple) else key for key in keys]


def has_tuples(keys: Any) -> bool:
    """Whether there are tuples among the keys, all of which can be written as text."""
    if not any(isinstance(key, tuple) for key in keys):
        return False
    try:
        return all(key_of(text_of(key)) == key for key in keys if isinstance(key, tuple))
    except TypeError:
        return False
