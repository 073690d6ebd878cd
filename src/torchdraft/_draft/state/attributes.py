"""The attributes of objects: those in `__dict__`, those in `__slots__`, and the tables of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from types import MemberDescriptorType
from typing import Any

MODULE_TABLES = ("_parameters", "_buffers", "_modules")
"""The attributes in which a module holds its parameters, buffers and submodules."""


def attributes_of(value: Any) -> MutableMapping[str, Any] | None:
    """The attributes of an object; None where it has none that can be assigned."""
    attributes = getattr(value, "__dict__", None)
    slots = slots_of(type(value))
    if slots:
        return SlotAttributes(value, slots)
    return attributes if type(attributes) is dict else None


def slots_of(cls: type) -> dict[str, MemberDescriptorType]:
    """The descriptors that `__slots__` created, by their names in the class, where private names are mangled. Members
    of classes written in C are left out: they can be read-only.
    """
    found: dict[str, MemberDescriptorType] = {}
    for base in cls.__mro__:
        for name, member in vars(base).items() if "__slots__" in vars(base) else ():
            if isinstance(member, MemberDescriptorType):
                found.setdefault(name, member)
    return found


class SlotAttributes(MutableMapping[str, Any]):
    """The attributes of an object whose class has `__slots__`, and those in its `__dict__` if it has one."""

    def __init__(self, of: Any, slots: Mapping[str, MemberDescriptorType]) -> None:
        self._of = of
        self._slots = slots
        own = getattr(of, "__dict__", None)
        self._others: dict[str, Any] = own if type(own) is dict else {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._slots:
            return self._others[name]
        try:
            return self._slots[name].__get__(self._of, type(self._of))
        except AttributeError as error:  # not set
            raise KeyError(name) from error

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self._slots:
            self._slots[name].__set__(self._of, value)  # as a frozen dataclass would not allow
        else:
            self._others[name] = value

    def __delitem__(self, name: str) -> None:
        if name in self._slots:
            self._slots[name].__delete__(self._of)
        else:
            del self._others[name]

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in self._slots if name in self)
        yield from self._others

    def __len__(self) -> int:
        return sum(1 for _ in self)
