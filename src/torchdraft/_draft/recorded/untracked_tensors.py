"""Tensors that a recorded run used and that no op of it made: computed in a thread, by a C++ extension, in a library.

The recording can only keep such a tensor as a constant, so the program is frozen to it. Tensors that were there before
the run (attributes, globals, tables) are constants in eager too and no outsiders.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._stack.user_stack import user_stack
from torchdraft._torch.dispatch import is_tracked
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import RECORDED_RUN
from torchdraft._torch.tensors.storage import is_zero_tensor
from torchdraft.model.events import ComputedOutside

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft.model.events import Frame


class TensorsBefore:
    """The tensors that existed before the first recorded run of a trace, found when that run begins."""

    def __init__(self) -> None:
        self._found: set[int] | None = None

    def __call__(self) -> set[int]:
        """Their identities."""
        if self._found is None:
            self._found = {id(o) for o in gc.get_objects() if issubclass(type(o), torch.Tensor)}
        return self._found


class UntrackedTensors:
    """Follows which tensors of a run are accounted for."""

    def __init__(self, context: TraceContext, before: TensorsBefore) -> None:
        self.context = context
        self._before = before()
        self._known: dict[int, torch.Tensor] = {}

    def know(self, made: torch.Tensor) -> torch.Tensor:
        """`made` comes from Python's own data, or is what the recording itself compares with."""
        self._known[id(made)] = made
        return made

    def meet(self, value: Any, stack: tuple[Frame, ...] | None = None) -> None:
        """`value` is used: tells of every tensor in it that came from nowhere."""
        for tensor in _tensors(value):
            if not is_tracked(tensor):
                self.tell(tensor, user_stack(3) if stack is None else stack)

    def tell(self, tensor: torch.Tensor, stack: tuple[Frame, ...]) -> None:
        """The program holds `tensor` as a constant."""
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
    return lambda *args, **kwargs: untracked.know(original(*args, **kwargs))


def restore_inputs(graph: torch.fx.GraphModule, reals: list[torch.Tensor]) -> None:
    """Makes constants that look at an input's memory that input again.

    Autograd keeps what a backward pass needs, or a view of it, and hands it out as a tensor the recording never saw.
    """
    inputs = {_memory(real): (real, node) for real, node in zip(reals, graph.graph.find_nodes(op="placeholder"))}
    for node in graph.graph.find_nodes(op="get_attr"):
        held = _with_memory(graph, node.target)
        real, source = inputs.get(_memory(held), (None, None)) if isinstance(held, torch.Tensor) else (None, None)
        if real is None or held is None:
            continue
        if _outside(real) != _outside(held):
            if not real.is_contiguous():
                continue
            with graph.graph.inserting_before(node):
                source = graph.graph.call_function(torch.ops.aten.contiguous.default, (source,))
                place = (list(held.shape), list(held.stride()), held.storage_offset() - real.storage_offset())
                source = graph.graph.call_function(torch.ops.aten.as_strided.default, (source, *place))
        node.replace_all_uses_with(source)
        graph.graph.erase_node(node)
    graph.recompile()


def _with_memory(graph: torch.fx.GraphModule, name: str) -> Any:
    """A constant of a recorded run. The zeros that forward-mode derivatives begin with get memory, for a file."""
    held = getattr(graph, name, None)
    if isinstance(held, torch.Tensor) and held.layout is torch.strided and is_zero_tensor(held):
        held = torch.zeros_like(held)
        setattr(graph, name, held)
    return held


def _memory(tensor: torch.Tensor) -> Any:
    """Which memory a tensor looks at."""
    if tensor.layout is not torch.strided or not tensor.numel():
        return id(tensor)
    return tensor.untyped_storage().data_ptr(), tensor.dtype, tensor.device


def _outside(tensor: torch.Tensor) -> Any:
    return tensor.shape, tensor.stride(), tensor.storage_offset()


def recorded_constants(graph: torch.fx.GraphModule) -> Iterator[torch.Tensor]:
    """Constants of a recorded run that were not made from Python's data on the spot (`torch.tensor([1, 2])`)."""
    for node in graph.graph.find_nodes(op="get_attr"):
        held = getattr(graph, node.target, None)
        if isinstance(held, torch.Tensor) and any("lift_fresh" not in str(user.target) for user in node.users):
            yield held


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in _tensors(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in _tensors(v)]
    return []
