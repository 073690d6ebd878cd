"""The attributes of objects with `__slots__`: read, assigned and deleted as those in a `__dict__`."""

from __future__ import annotations

import dataclasses
import functools

import pytest

from torchdraft._draft.state.attributes import attributes_of


class Base:
    __slots__ = ("__hidden", "first", "unset")

    def __init__(self):
        self.__hidden, self.first = 1, 2


class WithBoth(Base):
    def __init__(self):
        super().__init__()
        self.own = 3


def test_slots_are_attributes_too():
    thing = WithBoth()
    attributes = attributes_of(thing)
    assert dict(attributes) == {"_Base__hidden": 1, "first": 2, "own": 3}
    assert len(attributes) == 3
    assert "unset" not in attributes
    attributes["unset"], attributes["own"], attributes["new"] = 4, 5, 6
    assert (thing.unset, thing.own, thing.new) == (4, 5, 6)
    del attributes["first"], attributes["new"]
    assert not hasattr(thing, "first")
    assert not hasattr(thing, "new")
    with pytest.raises(KeyError):
        attributes["first"]
    assert attributes_of(2) is None


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    size: int = 0


def test_a_frozen_dataclass_with_slots_is_put_back():
    thing = Frozen()
    attributes = attributes_of(thing)
    object.__setattr__(thing, "size", 1)
    attributes["size"] = 0
    assert thing.size == 0


class Calls(functools.partial):
    __slots__ = ("calls",)


def test_read_only_members_of_classes_in_c_are_no_attributes():
    held = Calls(abs)
    held.calls = 3
    assert vars(functools.partial)["func"].__get__(held) is abs
    assert {"calls"} == set(attributes_of(held) or ())
