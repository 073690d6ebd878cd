"""Protocols through which the trace calls features that stand above it. Each feature keeps its own state.

The session (`_draft/rungs/session.py`) creates the features and stores them in `TraceHooks`. A feature calls one in
another folder only through these protocols.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from torchdraft._tape.tape import Record, Tape
from torchdraft.model.events import Frame


class KernelHook(Protocol):
    """Computes the fake outputs of an operator's call (`_draft/custom_ops`)."""

    def run(self, mode: Any, record: Record, args: Any, kwargs: Any, fake: Callable[[], Any]) -> Any:
        """The fake outputs of the call; `fake()` runs the fake kernel."""
        ...

    def call(self, context: Any, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of an operator that the model calls."""
        ...

    def note_layout_read(self, tape: Tape, tensor: torch.Tensor) -> bool:
        """Called where the model's code reads how a tensor lies in memory. Whether a custom operator may decide it."""
        ...


class DrawHook(Protocol):
    """Watches random draws (`_draft/effects/calls/seeded_rng.py`)."""

    def note_operation(self, func: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Called for each operation that the program calls, not for those of its decomposition."""
        ...

    def draw(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """The result of a random function whose generator the model seeded; NotImplemented for every other call."""
        ...

    def as_eager(self) -> AbstractContextManager[None]:
        """A context in which a real run draws the numbers that eager draws."""
        ...


class ThreadHook(Protocol):
    """Knows where the model gives work to threads (`_draft/effects/calls/threads.py`)."""

    @property
    def last_start(self) -> tuple[Frame, ...]:
        """The user's line that last gave work to a thread; empty where none did."""
        ...


class OutputTypeHook(Protocol):
    """Registers the classes of what `forward` returns with pytree (`_draft/prepare/pytree_types.py`)."""

    def registered(self, output: Any, forward: Any) -> Any:
        """`output` in a form that a program can return, its classes registered."""
        ...


class FakeKernelsOnly:
    """The kernel hook of a trace without custom operators: the fake kernel answers."""

    def run(self, _mode: Any, _record: Record, _args: Any, _kwargs: Any, fake: Callable[[], Any]) -> Any:
        """The fake kernel's outputs."""
        return fake()

    def call(self, _context: Any, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of the call itself."""
        return func(*args, **kwargs)

    def note_layout_read(self, _tape: Tape, _tensor: torch.Tensor) -> bool:
        """No custom operator was called."""
        return False


class NoDraws:
    """The draw hook of a trace that watches no draws."""

    def note_operation(self, func: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Nothing to note."""

    def draw(self, _func: Callable[..., Any], _args: Any, _kwargs: dict[str, Any]) -> Any:
        """No call is answered."""
        return NotImplemented

    def as_eager(self) -> AbstractContextManager[None]:
        """Nothing to change."""
        return nullcontext()


class NoThreads:
    """The thread hook of a trace that watches no threads."""

    last_start: tuple[Frame, ...] = ()


class PlainOutputs:
    """The output type hook of a trace that registers no classes."""

    def registered(self, output: Any, _forward: Any) -> Any:
        """The output as it is."""
        return output


@dataclass(slots=True)
class TraceHooks:
    """The features that a trace calls."""

    kernels: KernelHook = field(default_factory=FakeKernelsOnly)
    draws: DrawHook = field(default_factory=NoDraws)
    threads: ThreadHook = field(default_factory=NoThreads)
    output_types: OutputTypeHook = field(default_factory=PlainOutputs)
