"""Reads in a recorded run: Python gets the real data, and the recording an assertion that it is what was read."""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.overrides import TorchFunctionMode

from torchdraft._draft.polyfills.registry import polyfilled
from torchdraft._draft.reads.asserted import BY_CONSTANT, same_data
from torchdraft._draft.reads.copying import being_copied, deep_copied, reduced
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import formatted, here, user_stack
from torchdraft._torch import files
from torchdraft._torch.dispatch import is_tracked, outside_tracing, retarget
from torchdraft._torch.graph_nodes import (
    ASSERTED,
    can_be_asserted_later,
    last_node,
    numbers_read_since,
    set_stack_of_last_node,
)
from torchdraft.model.events import ComputedOutside, Event, GuardResolved, HostRead, OutsideStateWritten

from .replay import ISLAND_READ
from .shared_memory import RecordedSharedMemory

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft.model.events import Frame

    from .untracked_tensors import UntrackedTensors

TOGETHER = 64
"""Up to so many single numbers are asserted by one comparison: some models read thousands."""


acts_for_caller(__file__)


class RecordedReads(TorchFunctionMode):
    """Writes down, in the graph being recorded, every value Python reads."""

    def __init__(self, context: TraceContext, outsiders: UntrackedTensors) -> None:
        super().__init__()
        self.context = context
        self.outsiders = outsiders
        self.lent = RecordedSharedMemory(context, outsiders)
        self._shapes_read: dict[int, torch.Tensor] = {}
        self.moved: dict[int, torch.Tensor] = {}
        """Tensors that were given other memory (`x.data = ...`), by identity."""
        self.outside_moved: list[tuple[torch.Tensor, torch.Tensor]] = []
        self._numbers: dict[Any, PendingAssertions] = {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if torch.compiler.is_dynamo_compiling():  # a control flow operator compiles its branches, with us in view
            return func(*args, **(kwargs or {}))
        func, args, kwargs = polyfilled(func, args, kwargs or {})
        self.outsiders.meet((args, kwargs))
        if func in READS and not (func is torch.as_tensor and isinstance(args[0], torch.Tensor)):
            for tensor in _tensors(args):
                self._assert(tensor, func)
        elif func in SHAPE_READS and isinstance(args[0], torch.Tensor) and id(args[0]) not in self._shapes_read:
            if sys._getframe(1).f_code.co_filename.startswith(files.FX):  # it describes a constant to itself
                return func(*args, **(kwargs or {}))
            self._shapes_read[id(args[0])] = args[0]
            torch.ops.aten._assert_tensor_metadata.default(args[0], list(args[0].shape))
        if func == torch.Tensor.data.__get__:  # a new object each time it is asked for
            return args[0].detach()
        if func == torch.Tensor.data.__set__:
            return self._set_data(args[0], args[1])
        if func is torch.Tensor.__deepcopy__:
            return deep_copied(args[0], args[1])
        if func is REDUCE and being_copied():
            return torch.ops.aten.alias.default, (args[0],)
        if func is REDUCE:
            with outside_tracing():
                return reduced(args[0].detach().clone())
        if func is torch.Tensor.data_ptr:
            return self.lent.address(args[0])
        return self._run(func, args, kwargs)

    def _set_data(self, target: torch.Tensor, source: torch.Tensor) -> None:
        """`x.data = ...`. A tensor that is no part of the model gets its own memory back when the run is over."""
        if not is_tracked(target):
            self.context.log.emit(OutsideStateWritten(name="a tensor that is no part of the model", **here(3)))
            self.outside_moved.append((target, target.detach()))
        self.moved[id(target)] = target
        retarget(target, source.detach())

    def put_back(self) -> None:
        """Ends the run for tensors that are no part of the model: the graph's constants look at them."""
        for target, memory in reversed(self.outside_moved):
            target.data = memory

    def _run(self, func: Any, args: Any, kwargs: Any) -> Any:
        last = last_node()
        try:
            self.lent.before((args, kwargs))
            out = func(*args, **kwargs)
            self.lent.after((args, kwargs))
        except Exception as error:
            self.context.log.operation_raised(error)
            raise
        finally:
            self._read_natively(last, told=func in READS)
        if func in LENDING and isinstance(args[0], torch.Tensor):
            told = ComputedOutside(what="a NumPy array of its memory, written to", asserted=True, **here(3))
            self.lent.lend(args[0], args[0].detach(), told, weakref.ref(out))
        return out

    def _read_natively(self, last: torch.fx.Node | None, *, told: bool) -> None:
        """Asserts the numbers that native code took for sizes, places and the like (`x[i]`, `torch.zeros(n)`)."""
        for node, tensor in list(numbers_read_since(last)):
            if tensor is not None and not told:
                self._assert(tensor, torch.Tensor.item if tensor.dtype.is_floating_point else torch.Tensor.__index__)
            node.meta[ASSERTED] = told or tensor is not None

    def saved(self, tensor: torch.Tensor) -> torch.Tensor:
        """What `torch.save` is to write for a tensor."""
        self._assert(tensor, torch.save)
        with outside_tracing():
            return tensor.detach().clone()

    def _assert(self, tensor: torch.Tensor, func: Any) -> None:
        stack = user_stack(3)
        single = tensor.numel() == 1
        asserted = single or tensor.numel() <= BY_CONSTANT
        with outside_tracing():
            seen = self.outsiders.know(tensor.detach().clone()) if asserted else tensor
        if single and can_be_asserted_later(tensor):
            self._later(tensor, seen, stack)
        elif asserted:
            _write_assertion(tensor, seen, stack)
        with outside_tracing():
            self.context.log.emit(_event(func, seen, stack, asserted=asserted))

    def _later(self, tensor: torch.Tensor, seen: torch.Tensor, stack: tuple[Frame, ...]) -> None:
        """Asserts a single number, as it is now, together with others that the same line reads."""
        waiting = self._numbers.setdefault((stack, tensor.dtype, tensor.device), PendingAssertions(stack))
        waiting.data.append(tensor.clone() if tensor.dim() == 0 else tensor.clone().reshape(()))
        waiting.seen.append(seen)
        if len(waiting.data) == TOGETHER:
            self._settle(waiting)

    def settle(self) -> None:
        """Writes the assertions that still wait."""
        for waiting in self._numbers.values():
            self._settle(waiting)

    def _settle(self, waiting: PendingAssertions) -> None:
        if waiting.data:
            data = torch.stack(waiting.data) if len(waiting.data) > 1 else waiting.data[0]
            with outside_tracing():
                seen = torch.stack([one.reshape(()) for one in waiting.seen]).reshape(data.shape)
                self.outsiders.know(seen)
            _write_assertion(data, seen, waiting.stack)
        waiting.data, waiting.seen = [], []


@dataclass(slots=True)
class PendingAssertions:
    """Numbers that one line read, and what they were."""

    stack: tuple[Frame, ...]
    data: list[torch.Tensor] = field(default_factory=list)
    seen: list[torch.Tensor] = field(default_factory=list)


def _write_assertion(tensor: torch.Tensor, seen: torch.Tensor, stack: tuple[Frame, ...]) -> None:
    torch.ops.aten._assert_async.msg(same_data(tensor.detach(), seen).all(), ISLAND_READ)
    set_stack_of_last_node(formatted(stack))


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in _tensors(v)]
    return []


LENDING = frozenset({torch.Tensor.numpy, torch.Tensor.__array__})
"""Reads that hand out the tensor's own memory."""

REDUCE: Any = torch.Tensor.__reduce_ex__
"""Its own, whatever stands in its place while an island is recorded (`pickling_seen`)."""

READS: set[Any] = {
    torch.Tensor.item,
    torch.Tensor.tolist,
    torch.Tensor.numpy,
    torch.Tensor.__array__,
    torch.Tensor.__bool__,
    torch.Tensor.__int__,
    torch.Tensor.__float__,
    torch.Tensor.__complex__,
    torch.Tensor.__index__,
    torch.Tensor.__repr__,
    torch.Tensor.__format__,
    REDUCE,
    torch.Tensor.__contains__,
    torch.Tensor.__dlpack__,
    torch.equal,
    torch.Tensor.equal,
    torch.allclose,
    torch.Tensor.allclose,
    torch.tensor,
    torch.as_tensor,
    torch.tensor_split,
    torch.Tensor.tensor_split,
}


SHAPE_READS: set[Any] = {
    torch.Tensor.shape.__get__,
    torch.Tensor.size,
    torch.Tensor.numel,
    torch.Tensor.nelement,
    torch.Tensor.stride,
    torch.Tensor.__len__,
    torch.Tensor.__iter__,
    torch.Tensor.unbind,
    torch.Tensor.split,
    torch.Tensor.chunk,
}
"""After one of these Python knows a size as a number, so the size is fixed. Sizes nobody read stay symbolic."""


def _event(func: Any, seen: torch.Tensor, stack: tuple[Frame, ...], *, asserted: bool) -> Event:
    """The event of a read in a recorded run: a guard where one number decided a branch or became a size."""
    name = getattr(func, "__name__", str(func))
    kind = _GUARDS.get(name)
    if kind is not None and asserted and seen.numel() == 1:
        value = bool(seen) if kind == "branch" else seen.item()
        return GuardResolved(stack=stack, expr="", value=value, kind=kind)
    how: Literal["value", "constant", "no"] = "no" if not asserted else "value" if seen.numel() <= 64 else "constant"
    return HostRead(
        stack=stack,
        read=name,
        dtype=str(seen.dtype).removeprefix("torch."),
        shape=tuple(str(size) for size in seen.shape),
        value=str(seen.tolist()) if seen.numel() <= 64 else f"{seen.numel()} elements",
        asserted=how,
    )


_GUARDS: dict[str, Literal["branch", "size"]] = {
    "__bool__": "branch",
    "is_nonzero": "branch",
    "__int__": "size",
    "__index__": "size",
    "__float__": "size",
}
"""Reads that are guards: in a symbolic trace a symbol answers them."""
