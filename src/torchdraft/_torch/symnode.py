"""Symbolic numbers where Python insists on plain ones: hashing and writing them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def plain_when_python_insists(asked_by_user: Callable[[int], bool]) -> Iterator[None]:
    """While active, hashing a `SymInt` or writing out a symbolic number in the user's code takes its real value.

    Upstream refuses the one ("unhashable type") and writes the symbol's name for the other, which is wrong silently.
    `asked_by_user(frames_up)` says whether the frame so far above its caller is the user's, and wants the text.
    """
    names = ("__hash__", "__format__", "__str__", "__repr__")
    saved = {(cls, name): cls.__dict__.get(name) for cls in _PLAIN for name in names}
    hash_int = torch.SymInt.__hash__

    def hash_symint(self: torch.SymInt) -> int:
        if self.node.is_nested_int():
            return hash_int(self)
        return hash(int(self))

    def format_symbolic(self: Any, spec: str) -> str:
        if asked_by_user(1):
            return format(_PLAIN[type(self)](self), spec)
        return format(str(self.node), spec)

    def write_symbolic(self: Any) -> str:
        return repr(_PLAIN[type(self)](self)) if asked_by_user(1) else str(self.node)

    torch.SymInt.__hash__ = hash_symint
    for cls in _PLAIN:
        cls.__format__ = format_symbolic
        cls.__str__ = cls.__repr__ = write_symbolic
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


@contextmanager
def sections_as_numbers() -> Iterator[None]:
    """`x.split([tensor, tensor])` and `x.narrow(0, 0, tensor)` take the tensors' numbers, as they do eagerly.

    Upstream refuses fake tensors there. A patch and not a function mode: decompositions (of `aten.lstm.data`, for one)
    call it where no mode is active.
    """
    own_split, own_narrow = torch.Tensor.split, torch.Tensor.narrow

    def split(self: torch.Tensor, split_size: Any, dim: int = 0) -> Any:
        if isinstance(split_size, (list, tuple)):
            split_size = [_number(s) for s in split_size]
        return own_split(self, split_size, dim)

    def narrow(self: torch.Tensor, dim: int, start: Any, length: Any) -> Any:
        return own_narrow(self, dim, start, _number(length))

    torch.Tensor.split, torch.Tensor.narrow = split, narrow
    try:
        yield
    finally:
        torch.Tensor.split = own_split
        del torch.Tensor.narrow  # torch.Tensor inherits it


def _number(value: Any) -> Any:
    return int(value.item()) if isinstance(value, torch.Tensor) else value
