"""The function mode of a recorded run: reads return the real data, and the recording gets an assertion about it."""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from torchdraft._draft.polyfills.registry import polyfilled
from torchdraft._draft.reads.asserted import BY_CONSTANT, BY_VALUE, Closeness, closeness_of_text, same_data
from torchdraft._draft.reads.registry import GuardKind, Read, declared_read
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import formatted, here, user_stack
from torchdraft._torch import files
from torchdraft._torch.dispatch import is_tracked, outside_tracing, retarget
from torchdraft._torch.graph.nodes import (
    ASSERTED,
    can_be_asserted_later,
    is_copy_of_input,
    last_node,
    numbers_read_since,
    set_stack_since,
)
from torchdraft._torch.symbolic.fake import FakeTensor, raises_for_all_data
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft.model.events import ComputedOutside, Event, GuardResolved, HostRead, OutsideStateWritten

from .replay import ISLAND_READ
from .shared_memory import RecordedSharedMemory

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft.model.events import Frame

    from .untracked_tensors import UntrackedTensors

TEXTS = (torch.Tensor.__repr__, torch.Tensor.__format__)
TOGETHER = 64
"""The most single numbers that one comparison asserts. Some models read thousands."""


acts_for_caller(__file__)


class RecordedReads(TorchFunctionMode):
    """Adds an assertion to the graph being recorded for every value that Python reads."""

    def __init__(self, context: TraceContext, untracked: UntrackedTensors) -> None:
        super().__init__()
        self.context = context
        self.untracked = untracked
        self.shared_memory = RecordedSharedMemory(context, untracked)
        self.moved: dict[int, torch.Tensor] = {}
        """Tensors whose `data` was assigned, by identity."""
        self._moved_external: list[tuple[torch.Tensor, torch.Tensor]] = []
        """Those of them that are no part of the model, each with an alias of its original memory."""
        self._shapes_read: dict[int, torch.Tensor] = {}
        self._pending: dict[Any, PendingAssertions] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.compiler.is_dynamo_compiling():  # Dynamo compiles the branches of a control flow operator
            return func(*args, **kwargs)
        func, args, kwargs = polyfilled(func, args, kwargs)
        self.untracked.check((args, kwargs))
        read = declared_read(func, args)
        if read is None or (args and isinstance(args[0], FakeTensor)):  # fake: of a program that the run itself made
            return self._run(func, args, kwargs, None)
        if read.asserted:
            for tensor in tensors_in(args):
                text = (lambda data: func(data, *args[1:])) if func in TEXTS else None
                self._assert(tensor, getattr(func, "__name__", str(func)), read.guard, text)
        elif read.fixes_shape and self._is_first_shape_read(args[0]):
            if sys._getframe(1).f_code.co_filename.startswith(files.FX):  # the tracer describes a constant
                return func(*args, **kwargs)
            self._assert_shape(args[0])
        if read.in_run is not None:
            return read.in_run(self, args, kwargs)
        return self._run(func, args, kwargs, read)

    def _run(self, func: Any, args: Any, kwargs: Any, read: Read | None) -> Any:
        """Calls the function on the real tensors, with external writes to them recorded first."""
        last = last_node()
        try:
            self.shared_memory.write_back((args, kwargs))
            out = func(*args, **kwargs)
            self.shared_memory.refresh((args, kwargs))
        except Exception as error:
            self.context.log.operation_raised(error, by_data=not raises_for_all_data(func, args, kwargs))
            raise
        finally:
            self._assert_numbers_since(last, asserted=read is not None and read.asserted)
        if read is not None and read.shares_memory and isinstance(args[0], torch.Tensor):
            event = ComputedOutside(what="a NumPy array of its memory, written to", asserted=True, **here())
            self.shared_memory.share(args[0], args[0].detach(), event, weakref.ref(out))
        return out

    def _is_first_shape_read(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor) and id(value) not in self._shapes_read

    def _assert_shape(self, tensor: torch.Tensor) -> None:
        self._shapes_read[id(tensor)] = tensor
        torch.ops.aten._assert_tensor_metadata.default(tensor, list(tensor.shape))

    def set_data(self, target: torch.Tensor, source: torch.Tensor) -> None:
        """`target.data = source`. A tensor that is no part of the model gets its memory back after the run."""
        if not is_tracked(target):
            self.context.log.emit(OutsideStateWritten(name="a tensor that is no part of the model", **here()))
            self._moved_external.append((target, target.detach()))
        self.moved[id(target)] = target
        retarget(target, source.detach())

    def restore_external(self) -> None:
        """Gives tensors that are no part of the model their memory back: constants of the graph are aliases of it."""
        for target, memory in reversed(self._moved_external):
            target.data = memory

    def saved(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor that `torch.save` writes in the place of `tensor`."""
        self._assert(tensor, "save", None)
        with outside_tracing():
            return tensor.detach().clone()

    def _assert_numbers_since(self, last: torch.fx.Node | None, *, asserted: bool) -> None:
        """Asserts the numbers that C++ code read as sizes, indices and the like (`x[i]`, `torch.zeros(n)`)."""
        for node, tensor in list(numbers_read_since(last)):
            if tensor is not None and not asserted:
                if tensor.dtype.is_floating_point:
                    self._assert(tensor, "item", None)
                else:
                    self._assert(tensor, "__index__", "size")
            node.meta[ASSERTED] = asserted or tensor is not None

    def _assert(
        self,
        tensor: torch.Tensor,
        name: str,
        guard: GuardKind | None,
        text: Callable[[torch.Tensor], Any] | None = None,
    ) -> None:
        """Asserts a tensor's data, and reports it as read by the function `name`, which makes a `text` of it."""
        stack = user_stack()
        single = tensor.numel() == 1
        asserted = single or tensor.numel() <= BY_CONSTANT
        with outside_tracing():
            data = self.untracked.add_known(tensor.detach().clone()) if asserted else tensor
        closeness: Closeness = "exact" if is_copy_of_input(tensor) else "rounded"
        if text is not None:
            with outside_tracing():
                closeness = closeness_of_text(data, text)
        if single and can_be_asserted_later(tensor):
            self._assert_later(tensor, data, stack, closeness)
        elif asserted:
            _write_assertion(tensor, data, stack, closeness)
        with outside_tracing():
            self.context.log.emit(_event(name, guard, data, stack, asserted=asserted))

    def _assert_later(
        self, tensor: torch.Tensor, data: torch.Tensor, stack: tuple[Frame, ...], closeness: Closeness
    ) -> None:
        """Asserts a single number, as it is now, together with others that the same line reads."""
        key = (stack, tensor.dtype, tensor.device, closeness, _magnitude(data))
        pending = self._pending.setdefault(key, PendingAssertions(stack, closeness))
        pending.tensors.append(tensor.clone() if tensor.dim() == 0 else tensor.clone().reshape(()))
        pending.data.append(data)
        if len(pending.tensors) == TOGETHER:
            self._write(pending)

    def write_pending(self) -> None:
        """Writes the assertions that were put off."""
        for pending in self._pending.values():
            self._write(pending)

    def _write(self, pending: PendingAssertions) -> None:
        if pending.tensors:
            tensor = torch.stack(pending.tensors) if len(pending.tensors) > 1 else pending.tensors[0]
            with outside_tracing():
                data = torch.stack([one.reshape(()) for one in pending.data]).reshape(tensor.shape)
                self.untracked.add_known(data)
            _write_assertion(tensor, data, pending.stack, pending.closeness)
        pending.tensors, pending.data = [], []


@dataclass(slots=True)
class PendingAssertions:
    """Numbers that one line read, as tensors of the recording and as data."""

    stack: tuple[Frame, ...]
    closeness: Closeness
    tensors: list[torch.Tensor] = field(default_factory=list)
    data: list[torch.Tensor] = field(default_factory=list)


def _magnitude(data: torch.Tensor) -> int | None:
    """The power of ten of a number below 1. What is asserted together has one tolerance, that of the largest."""
    with outside_tracing():
        number = float(data.abs()) if data.is_floating_point() else 1.0
    return math.floor(math.log10(number)) if 0 < number < 1 else None


def _write_assertion(tensor: torch.Tensor, data: torch.Tensor, stack: tuple[Frame, ...], closeness: Closeness) -> None:
    last = last_node()
    torch.ops.aten._assert_async.msg(same_data(tensor.detach(), data, closeness).all(), ISLAND_READ)
    set_stack_since(last, formatted(stack))


def _event(
    name: str, guard: GuardKind | None, data: torch.Tensor, stack: tuple[Frame, ...], *, asserted: bool
) -> Event:
    """The event of a read: a guard where one number decided a branch or became a size, as in a symbolic trace."""
    if guard is not None and asserted and data.numel() == 1:
        value = bool(data) if guard == "branch" else data.item()
        return GuardResolved(stack=stack, expr="", value=value, kind=guard)
    few = data.numel() <= BY_VALUE
    return HostRead(
        stack=stack,
        read=name,
        dtype=str(data.dtype).removeprefix("torch."),
        shape=tuple(str(size) for size in data.shape),
        value=str(data.tolist()) if few else f"{data.numel()} elements",
        asserted="no" if not asserted else "value" if few else "constant",
    )
