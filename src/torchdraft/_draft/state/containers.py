"""Containers that hold state: their content is copied, compared and restored."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from typing import Any

import numpy

MOST_ITEMS = 4096
"""Containers with more items are not watched, nor arrays of more than eight bytes for each of so many items."""

MOST_INNER = 256
MOST_LEVELS = 8
"""How many containers inside a container are watched with it, and how deeply nested they may be."""

_TABLES = (dict, OrderedDict, defaultdict, Counter)
_ROWS = (list, deque)
CONTAINERS = (*_TABLES, *_ROWS, set, numpy.ndarray)
"""Exactly these classes. A subclass may do anything when it is written to."""


def is_container(value: Any) -> bool:
    """Whether a value is a container whose content is watched."""
    if type(value) not in CONTAINERS or _is_namespace(value):
        return False
    return bool(value.nbytes <= 8 * MOST_ITEMS if _is_array(value) else len(value) <= MOST_ITEMS)


def _is_namespace(value: Any) -> bool:
    """Whether a dictionary is the namespace of a module or of `exec`, or `sys.modules`. Restoring empties a container
    for a moment and removes what was added, which would break code that runs in such a namespace.
    """
    return isinstance(value, dict) and ("__builtins__" in value or "__name__" in value or value is sys.modules)


@dataclass(frozen=True, slots=True, eq=False)
class Inner:
    """A container inside a container, with a copy of its content."""

    itself: Any
    content: Any


def content_of(container: Any) -> Any:
    """A copy of a container's content. Containers in it are copied too, as `Inner`, as far as they are watched."""
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
    """Whether a container holds the same objects as `content`; plain values only have to be equal."""
    if type(container) is not type(content):
        return False
    if _is_array(container):  # an array without dimensions has no length
        return _same_array(container, content)
    if len(container) != len(content):
        return False
    if isinstance(container, dict):
        return list(container) == list(content) and all(same(container[key], content[key]) for key in container)
    if isinstance(container, set):
        return {id(value) for value in container} == {id(value) for value in content} or _equal_sets(container, content)
    return all(same(now, before) for now, before in zip(container, content, strict=True))


def same_copy(one: Any, other: Any) -> bool:
    """Whether two copies made by `content_of`, or two parts of such copies, are equal."""
    if isinstance(one, Inner) and isinstance(other, Inner):
        return one.itself is other.itself and same_copy(one.content, other.content)
    if type(one) is not type(other) or type(one) not in (*_TABLES, *_ROWS):
        return same_content(one, other) if is_container(one) else same(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same_copy(one[key], other[key]) for key in one)
    return len(one) == len(other) and all(map(same_copy, one, other))


def restore_content(container: Any, content: Any) -> None:
    """Restores a container's content. Idempotent."""
    if same_content(container, content):
        return
    if _is_array(container):
        container[...] = content
        return
    if isinstance(container, _ROWS):
        values: Any = [_restored(value) for value in content]
    elif isinstance(container, dict):
        values = {key: _restored(value) for key, value in content.items()}
    else:
        values = content
    container.clear()
    if isinstance(container, _ROWS):
        container.extend(values)
    else:
        container.update(values)


def _restored(value: Any) -> Any:
    if isinstance(value, Inner):
        restore_content(value.itself, value.content)
        return value.itself
    return value


def parts_of(value: Any) -> list[Any]:
    """The values in a container and in the containers inside it, each container once. Any other value alone."""
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
    """Whether both are the same object, or equal plain values. `right` may be an `Inner`."""
    if isinstance(right, Inner):
        return left is right.itself and same_content(left, right.content)
    return left is right or (type(left) is type(right) and is_plain(left) and bool(left == right))


def is_plain(value: Any) -> bool:
    """Whether a value is a number, a string, bytes or None."""
    return isinstance(value, (int, float, bool, str, bytes, type(None)))


def _is_array(value: Any) -> bool:
    return type(value) is numpy.ndarray


def _same_array(left: Any, right: Any) -> bool:
    return left.shape == right.shape and left.dtype == right.dtype and left.tobytes() == right.tobytes()


def _equal_sets(left: set[Any], right: set[Any]) -> bool:
    return all(map(is_plain, (*left, *right))) and left == right
