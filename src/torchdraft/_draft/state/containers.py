"""Containers that state lives in: what they held is remembered, compared by what they hold, and put back."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import numpy

MOST_ITEMS = 4096
"""Containers with more items are not watched, nor arrays with more bytes than eight for each."""

MOST_INNER = 256
MOST_LEVELS = 8
"""Containers in a container that are watched with it, and how deep they may lie."""

_TABLES = (dict, OrderedDict, defaultdict, Counter)
_ROWS = (list, deque)
CONTAINERS = (*_TABLES, *_ROWS, set, numpy.ndarray)
"""Classes proper, not their subclasses: those may do anything when they are written to."""


def is_container(value: Any) -> bool:
    """Whether a value is one whose content is watched."""
    if type(value) not in CONTAINERS or _is_namespace(value):
        return False
    return bool(value.nbytes <= 8 * MOST_ITEMS if _is_array(value) else len(value) <= MOST_ITEMS)


def _is_namespace(value: Any) -> bool:
    """Whether a dictionary is that of a module, was given to `exec`, or holds Python's modules: those are not to be
    emptied for a moment, nor is what is loaded meanwhile to be forgotten.
    """
    return isinstance(value, dict) and ("__builtins__" in value or "__name__" in value or value is sys.modules)


@dataclass(frozen=True, slots=True, eq=False)
class Inner:
    """A container in a container, and what it held."""

    itself: Any
    content: Any


def content_of(container: Any) -> Any:
    """A copy; containers in it are `Inner`, as far down as they are watched."""
    return _copied(container, {id(container)}, MOST_LEVELS)


def _copied(container: Any, met: set[int], levels: int) -> Any:
    copy = container.copy()
    if levels and isinstance(container, (dict, *_ROWS)):
        for key, value in list(copy.items() if isinstance(copy, dict) else enumerate(copy)):
            if is_container(value) and id(value) not in met and len(met) < MOST_INNER:
                met.add(id(value))
                copy[key] = Inner(value, _copied(value, met, levels - 1))
    return copy


def same_content(container: Any, content: Any) -> bool:
    """Whether a container holds the very things it held; numbers and texts may be others of the same value."""
    if type(container) is not type(content):
        return False
    if _is_array(container):  # one without dimensions has no length
        return _same_array(container, content)
    if len(container) != len(content):
        return False
    if isinstance(container, dict):
        return list(container) == list(content) and all(same(container[key], content[key]) for key in container)
    if isinstance(container, set):
        return {id(value) for value in container} == {id(value) for value in content} or _equal_sets(container, content)
    return all(same(now, before) for now, before in zip(container, content, strict=True))


def same_copy(one: Any, other: Any) -> bool:
    """Whether two copies, or two parts of them, are of the same content."""
    if isinstance(one, Inner) and isinstance(other, Inner):
        return one.itself is other.itself and same_copy(one.content, other.content)
    if type(one) is not type(other) or type(one) not in (*_TABLES, *_ROWS):
        return same_content(one, other) if is_container(one) else same(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same_copy(one[key], other[key]) for key in one)
    return len(one) == len(other) and all(map(same_copy, one, other))


def restore_content(container: Any, content: Any) -> None:
    """Gives a container its content back."""
    if same_content(container, content):
        return
    if _is_array(container):
        container[...] = content
        return
    if isinstance(container, _ROWS):
        held: Any = [_back(value) for value in content]
    elif isinstance(container, dict):
        held = {key: _back(value) for key, value in content.items()}
    else:
        held = content
    container.clear()
    if isinstance(container, _ROWS):
        container.extend(held)
    else:
        container.update(held)


def _back(value: Any) -> Any:
    if isinstance(value, Inner):
        restore_content(value.itself, value.content)
        return value.itself
    return value


def parts_of(value: Any) -> list[Any]:
    """What a value is made of, containers taken apart, each once: they may hold themselves. Itself where it is none."""
    parts: list[Any] = []
    opened: set[int] = set()
    waiting = [value]
    while waiting:
        part = waiting.pop()
        part = part.content if isinstance(part, Inner) else part
        if type(part) not in (*_ROWS, *_TABLES, tuple, set):
            parts.append(part)
        elif id(part) not in opened:
            opened.add(id(part))
            waiting.extend(reversed(list(part.values() if isinstance(part, dict) else part)))
    return parts


def same(left: Any, right: Any) -> bool:
    """The very same thing, or a number or text of the same value. `right` may be what a container held."""
    if isinstance(right, Inner):
        return left is right.itself and same_content(left, right.content)
    return left is right or (type(left) is type(right) and is_plain(left) and bool(left == right))


def is_plain(value: Any) -> bool:
    """A number, a text or nothing."""
    return isinstance(value, (int, float, bool, str, bytes, type(None)))


def _is_array(value: Any) -> bool:
    return type(value) is numpy.ndarray


def _same_array(left: Any, right: Any) -> bool:
    return left.shape == right.shape and left.dtype == right.dtype and left.tobytes() == right.tobytes()


def _equal_sets(left: set[Any], right: set[Any]) -> bool:
    return all(map(is_plain, (*left, *right))) and left == right
