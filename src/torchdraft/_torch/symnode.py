"""Symbolic numbers where Python insists on plain ones: hashing and formatting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def plain_when_python_insists(asked_by_user: Any) -> Iterator[None]:
    """While active, hashing a `SymInt` or formatting a symbolic number in the user's code takes its real value.

    Upstream refuses the one ("unhashable type") and writes the symbol's name for the other, which is wrong silently.
    `asked_by_user(frames_up)` says whether the caller's frame is the user's.
    """
    saved = {(cls, name): cls.__dict__.get(name) for cls in _PLAIN for name in ("__hash__", "__format__")}
    hash_int = torch.SymInt.__hash__

    def hash_symint(self: torch.SymInt) -> int:
        if self.node.is_nested_int():
            return hash_int(self)
        return hash(int(self))

    def format_symbolic(self: Any, spec: str) -> str:
        if asked_by_user(2):
            return format(_PLAIN[type(self)](self), spec)
        return object.__format__(self, spec)

    torch.SymInt.__hash__ = hash_symint  # type: ignore[method-assign, assignment]
    for cls in _PLAIN:
        cls.__format__ = format_symbolic  # type: ignore[method-assign]
    try:
        yield
    finally:
        for (cls, name), value in saved.items():
            if value is None:
                if name in cls.__dict__:
                    delattr(cls, name)
            else:
                setattr(cls, name, value)


_PLAIN: dict[Any, Any] = {torch.SymInt: int, torch.SymFloat: float, torch.SymBool: bool}
