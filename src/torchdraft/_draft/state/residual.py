"""Names that hold something else than before, and what a second trace can start from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from torchdraft._torch.symbolic.shapes import SYMBOLIC

from .containers import content_of, is_container, parts_of, restore_content, same_copy
from .namespaces import Namespace


@dataclass(frozen=True, slots=True)
class ResidualValue:
    """The value that a trace left under a name."""

    space: Namespace
    name: str
    value: Any
    content: Any
    """A copy, if the value is a container."""

    def put(self) -> None:
        """Makes the name hold the value again."""
        if self.content is not None:
            restore_content(self.value, self.content)
        self.space.put(self.name, self.value)

    def same_as(self, other: ResidualValue | None) -> bool:
        """Whether another trace left the same."""
        if other is None:
            return False
        if self.content is None:
            return same_copy(self.value, other.value)
        return same_copy(self.content, other.content)


@dataclass(frozen=True, slots=True)
class ChangedName:
    """A name that holds something else than before."""

    name: str
    """Dotted, as far as it is known: `app.tables.CACHE`."""
    tensors: tuple[torch.Tensor, ...]
    """The tensors that are new in it."""
    only_added: bool
    """Whether nothing but tensors is new, and nothing was removed."""
    owner: type | None = None
    """The class of the object whose attribute it is."""
    residual: ResidualValue | None = None
    """The new value. None if it contains tensors or symbolic numbers, which belong to the trace."""


def changed_name(name: str, before: Any, now: Any, owner: type | None = None) -> ChangedName:
    """Compares the values of a name: the attribute of an object of class `owner`. `before` is None for a new name."""
    old = {id(v) for v in ([] if before is None else parts_of(before))}
    parts = parts_of(now)
    new = [v for v in parts if id(v) not in old]
    tensors = tuple(v for v in new if isinstance(v, torch.Tensor))
    only_added = len(parts) - len(new) == len(old) and 0 < len(tensors) == len(new)
    return ChangedName(name, tensors, only_added, owner)


def with_residual(space: Namespace, name: str, before: Any, now: Any) -> ChangedName:
    """Compares the values of a name of `space`, with the new value for a second trace to start from."""
    found = changed_name(f"{space.label}.{name}", before, now, space.of)
    if any(isinstance(part, (torch.Tensor, *SYMBOLIC)) for part in parts_of(now)):
        return found
    return replace(found, residual=ResidualValue(space, name, now, content_of(now) if is_container(now) else None))
