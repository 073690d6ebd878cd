"""Untracked tensors: a recorded run used them and no recorded operation made them. They were computed by another
thread, a C++ extension or a library.

The recording can contain such a tensor as a constant only, so the program is frozen to it, which is reported. Tensors
that existed before the run (attributes, globals, tables) are constants in eager too.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._stack.user_stack import user_stack
from torchdraft._torch.dispatch import is_tracked
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import RECORDED_RUN
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft._torch.tensors.subclasses import inner_tensors, is_wrapper
from torchdraft.model.events import ComputedOutside

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft.model.events import Frame


class TensorsBefore:
    """The tensors that existed before the first recorded run of a trace. They are searched when that run begins."""

    def __init__(self) -> None:
        self._found: set[int] | None = None

    def __call__(self) -> set[int]:
        """Their identities."""
        if self._found is None:
            self._found = {id(o) for o in gc.get_objects() if issubclass(type(o), torch.Tensor)}
        return self._found


class UntrackedTensors:
    """Finds and reports the untracked tensors of one recorded run."""

    def __init__(self, context: TraceContext, before: TensorsBefore) -> None:
        self.context = context
        self._before = before()
        self._known: dict[int, torch.Tensor] = {}

    def add_known(self, tensor: torch.Tensor) -> torch.Tensor:
        """Excludes a tensor that is made from Python data, or that a recorded assertion compares with."""
        self._known[id(tensor)] = tensor
        return tensor

    def check(self, value: Any, stack: tuple[Frame, ...] | None = None) -> None:
        """Reports every untracked tensor in `value`, which the run uses."""
        for tensor in tensors_in(value):
            if is_wrapper(tensor):  # the tracer knows the tensors that it wraps
                self.check(list(inner_tensors(tensor).values()), stack)
            elif not is_tracked(tensor) and not isinstance(tensor, FakeTensor):  # a fake one has no data to keep
                self.report(tensor, user_stack() if stack is None else stack)

    def report(self, tensor: torch.Tensor, stack: tuple[Frame, ...]) -> None:
        """Reports a constant of the recording, once, unless it is known or existed before."""
        if id(tensor) in self._known or id(tensor) in self._before:
            return
        self._known[id(tensor)] = tensor
        shape = f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
        what = f"another thread or native code (it made {shape})"
        self.context.log.emit(ComputedOutside(stack=self.context.hooks.threads.last_start or stack, what=what))


@patches(
    "torch:from_numpy",
    "torch:frombuffer",
    "torch:from_dlpack",
    scope=RECORDED_RUN,
    why="No mode handles these functions. Their arguments left the graph by a read that was asserted, or were never in "
    "it, so their results are no untracked tensors.",
)
def external_data_known(original: Callable[..., torch.Tensor], untracked: UntrackedTensors) -> Any:
    """Registers the tensors that are made from Python's own data as known."""
    return lambda *args, **kwargs: untracked.add_known(original(*args, **kwargs))
