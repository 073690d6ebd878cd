"""Tensors that a recorded run used and that no op of it made: computed in a thread, by a C++ extension, in a library.

The recording can only keep such a tensor as a constant, so the program is frozen to it. Tensors that were there before
the run (attributes, globals, tables) are constants in eager too and no outsiders.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from .events import ComputedOutside
from .stacks import user_stack

if TYPE_CHECKING:
    from .events import Frame
    from .session import Session

_FROM_PYTHON = ("from_numpy", "frombuffer", "from_dlpack")
"""Functions no mode sees. What they are given left the graph by a read that was asserted, or never was in it."""


class Outsiders:
    """Follows which tensors of a run are accounted for."""

    def __init__(self, session: Session) -> None:
        self.session = session
        if session.tensors_before is None:
            session.tensors_before = {id(o) for o in gc.get_objects() if isinstance(o, torch.Tensor)}
        self._before = session.tensors_before
        self._known: dict[int, torch.Tensor] = {}

    def know(self, value: Any) -> Any:
        """`value` was made where the recording saw it."""
        for tensor in _tensors(value):
            self._known[id(tensor)] = tensor
        return value

    def meet(self, value: Any, stack: tuple[Frame, ...] | None = None) -> None:
        """`value` is used: tells of every tensor in it that came from nowhere."""
        for tensor in _tensors(value):
            if id(tensor) in self._known or id(tensor) in self._before:
                continue
            self._known[id(tensor)] = tensor
            shape = f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
            what = f"a tensor that no op of the model's own thread made ({shape})"
            self.session.emit(ComputedOutside(stack=user_stack(3) if stack is None else stack, what=what))

    @contextmanager
    def following(self) -> Iterator[None]:
        """Tensors made from Python's data are known, for the time of the run."""
        own = {name: getattr(torch, name) for name in _FROM_PYTHON}
        for name, function in own.items():
            setattr(torch, name, lambda *args, _own=function, **kwargs: self.know(_own(*args, **kwargs)))
        try:
            yield
        finally:
            for name, function in own.items():
                setattr(torch, name, function)


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in _tensors(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in _tensors(v)]
    return []
