"""Declares host reads, with what happens to each in a symbolic trace and in a recorded run.

    @host_read(torch.Tensor.numpy, shares_memory=True, constant_as_is=True, why="A fake tensor has no data.")
    def numpy(trace, args, kwargs): ...  # the answer in a symbolic trace

    @numpy.recorded
    def _numpy_recorded(run, args, kwargs): ...  # the answer in a recorded run, where it is not the call itself

A read that needs no answer of its own in a symbolic trace, because a symbol answers it, is declared without a function.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch

from torchdraft._draft.tracing.declarations import Declarations

from .shared_memory import SharedMemory

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class SymbolicTrace(Protocol):
    """What the answer to a read may use in a symbolic trace."""

    @property
    def context(self) -> TraceContext:
        """The context of the trace."""
        ...

    @property
    def shared_memory(self) -> SharedMemory:
        """The memory that code outside of the dispatcher can write to."""
        ...

    def value(
        self, fake: torch.Tensor, read: str, *, text: Callable[[torch.Tensor], str] | None = None
    ) -> torch.Tensor:
        """A copy of the real data of `fake`, asserted in the graph and reported as `read`."""
        ...


class RecordedRun(Protocol):
    """What the answer to a read may use in a recorded run, whose tensors are real."""

    @property
    def shared_memory(self) -> SharedMemory:
        """The memory that code outside of the dispatcher can write to."""
        ...

    def set_data(self, target: torch.Tensor, source: torch.Tensor) -> None:
        """`target.data = source`."""
        ...


Arguments = tuple[Any, ...]
Symbolic = Callable[[SymbolicTrace, Any, Any], Any]
Recorded = Callable[[RecordedRun, Any, Any], Any]
GuardKind = Literal["branch", "size"]


@dataclass(slots=True, eq=False)
class Read:
    """One declared read. Called with a function, as a decorator, it takes it as the answer in a symbolic trace."""

    why: str
    when: Callable[[Arguments], bool] | None
    asserted: bool
    fixes_shape: bool
    shares_memory: bool
    constant_as_is: bool
    guard: GuardKind | None
    of_wrapped: bool = False
    """Whether the answer is also asked for tensors that a `torch.func` transform has wrapped."""
    in_trace: Symbolic | None = None
    in_run: Recorded | None = None

    def __call__(self, answer: Symbolic) -> Read:
        self.in_trace = answer
        return self

    def recorded(self, answer: Recorded) -> Recorded:
        """Takes the function as the answer in a recorded run."""
        self.in_run = answer
        return answer


READS: Declarations[Read] = Declarations("host read", __package__)
_reads: dict[Any, Read] = READS.units


def host_read(
    *functions: Any,
    why: str,
    when: Callable[[Arguments], bool] | None = None,
    asserted: bool = True,
    shares_memory: bool = False,
    constant_as_is: bool = False,
    guard: GuardKind | None = None,
) -> Read:
    """Declares functions and methods of torch, as function modes receive them, as reads of their tensor arguments.

    A string stands for every function of that name, for functions that are reached through several objects
    (`torch._VF.lstm`, operators). The options:

    - `when`: which calls are reads, by their positional arguments; default all.
    - `asserted`: whether a recorded run asserts the data of the tensors.
    - `shares_memory`: the result gives access to the tensor's memory, and what is written there changes the tensor.
    - `constant_as_is`: the result is no tensor, so the call itself answers for a constant of the program. Under the
      modes of a trace a constant would be treated as a fake tensor.
    - `guard`: in a recorded run the read of one number is reported as a guard of this kind.

    Raises `ValueError` for a function that is declared already.
    """
    read = Read(why, when, asserted, False, shares_memory, constant_as_is, guard)
    return _added(read, functions)


def shape_read(*functions: Any, why: str) -> Read:
    """Declares functions that read the shape of their first argument: a recorded run asserts that shape."""
    return _added(Read(why, None, False, True, False, False, None), functions)


def _added(read: Read, functions: tuple[Any, ...]) -> Read:
    frame = sys._getframe(2)
    for function in functions:
        READS.add(function, read, f"{frame.f_globals['__name__']}, line {frame.f_lineno}")
    return read


def declared_read(func: Any, args: Any) -> Read | None:
    """The read that a call is, if it is one. Knows the reads once `READS.load()` was called."""
    read = _reads.get(func) or _reads.get(getattr(func, "__name__", ""))
    return read if read is None or read.when is None or read.when(args) else None
