"""Islands: submodules that are recorded from their real run and replayed symbolically.

Inside an island Python code never gets a fake tensor: NumPy, threads, pickling and text formatting use real data. The
graph of the operations that ran is interpreted under the fake mode afterwards, so that the model around the island
stays symbolic. What Python read inside is asserted in the graph by value.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.prepare.outputs import iterators_materialized
from torchdraft._stack.frame_kinds import is_framework
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import outside_tracing
from torchdraft._torch.graph.saved_tensors import OperationsNoted, SavedTensors
from torchdraft._torch.patches.tracers.recorded_runs import tracing_flags_hidden
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import RECORDED_RUN, RECORDING
from torchdraft._torch.symbolic.shapes import as_plain
from torchdraft._torch.tensors.copies import copy_preserving_aliasing
from torchdraft._torch.tensors.subclasses import without_subclass

from .buffer_assignments import assign_buffers, run_forward
from .constants import recorded_constants, restore_inputs
from .module_state import ReplacedForward, fake_state
from .recorded_reads import RecordedReads
from .replay import Replay
from .untracked_tensors import TensorsBefore, UntrackedTensors

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft.model.events import Frame


class Island(ReplacedForward):
    """Replaces a module's `forward` during a trace: records each call, and returns the outputs of its replay."""

    def __init__(self, module: torch.nn.Module, name: str, context: TraceContext, before: TensorsBefore) -> None:
        super().__init__(module)
        self.name = name
        self.context = context
        self.before = before
        self.__code__ = getattr(module.forward, "__code__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fakes, spec = pytree.tree_flatten((args, kwargs))
        state = fake_state(self.module)
        tensors = [*state.values(), *[f for f in fakes if isinstance(f, torch.Tensor)]]
        run = RecordedCall(self, list(state), [as_plain(leaf) for leaf in fakes], spec)
        graph = self._record(run, tensors)
        outputs = iter(Replay(graph, self.context, last=self.name == "").run(*tensors))
        leaves = [next(outputs) if leaf is TENSOR else leaf for leaf in run.leaves]
        assign_buffers(self.module, dict(zip(run.assigned, outputs, strict=False)))
        for place, moved in zip(run.moved, outputs, strict=True):
            tensors[place].data = moved
        return pytree.tree_unflatten(leaves, run.spec)

    def _record(self, run: RecordedCall, tensors: list[torch.Tensor]) -> torch.fx.GraphModule:
        """The graph of the module's real run on the real values of `tensors`."""
        with outside_tracing():
            reals = self._copies(tensors)
            before = [real.detach() for real in reals]
            with self.context.hooks.draws.as_eager():
                graph = record_run(run, reals, self.context.saved_tensors, self._submodules())
            run.reads.restore_external()
            restore_inputs(graph, before)
            for constant in recorded_constants(graph):
                run.untracked.report(constant, self.location())
        return graph

    def _submodules(self) -> dict[int, str]:
        """Identity of each submodule → its dotted name, the first where it has several."""
        return {id(module): name for name, module in self.module.named_modules() if name}

    def location(self) -> tuple[Frame, ...]:
        """The module's `forward`, as a location in the user's code."""
        code = self.__code__
        return () if code is None else ((code, code.co_firstlineno, 0),)

    def _copies(self, fakes: list[torch.Tensor]) -> list[torch.Tensor]:
        """The real values that the run starts from. The copies share memory where the tensors do."""
        copies = copy_preserving_aliasing([real.detach() for real in self.context.reals.tensors(fakes)])
        for copied, fake in zip(copies, fakes, strict=True):
            copied.requires_grad_(fake.requires_grad)
        return list(copies)


@dataclass(eq=False)
class RecordedCall:
    """One real run of an island's module, as a function of tensors that returns tensors: what `make_fx` records.

    The fields from `leaves` on describe the outputs; they are known when it has run.
    """

    island: Island
    state: list[str]
    """The names of the module's tensors, which are the first arguments."""
    inputs: list[Any]
    """The flat arguments of `forward`; those that are tensors are the other arguments."""
    input_spec: Any
    leaves: list[Any] = field(default_factory=list)
    """The flat output of `forward`, with `TENSOR` in the place of each tensor."""
    spec: Any = None
    assigned: list[str] = field(default_factory=list)
    """The names of buffers that were assigned; the new tensors follow the tensors of the output."""
    moved: list[int] = field(default_factory=list)
    """The positions of arguments whose `data` was assigned; they come last."""

    def __post_init__(self) -> None:
        context = self.island.context
        self.untracked = UntrackedTensors(context, self.island.before)
        self.reads: Any = None

    def __call__(self, *given: torch.Tensor) -> list[torch.Tensor]:
        own = dict(zip(self.state, given[: len(self.state)], strict=True))
        out, assigned = self._run(own, iter(given[len(self.state) :]))
        leaves, self.spec = pytree.tree_flatten(out)
        leaves = [without_subclass(leaf) for leaf in leaves]
        self.reads.shared_memory.write_back_all()
        self.untracked.check(leaves, self.island.location())
        self.leaves = [TENSOR if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        self.assigned = list(assigned)
        self.moved = [place for place, tensor in enumerate(given) if id(tensor) in self.reads.moved]
        moved = [given[place] for place in self.moved]
        return [*[leaf for leaf in leaves if isinstance(leaf, torch.Tensor)], *assigned.values(), *moved]

    def _run(self, own: dict[str, torch.Tensor], tensors: Any) -> tuple[Any, dict[str, torch.Tensor]]:
        """The output of `forward`, in a form that a program can return, and the buffers that it assigned."""
        island, context = self.island, self.island.context
        in_subclass = context.user.in_user_subclass
        filled = [in_subclass(next(tensors), leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in self.inputs]
        args, kwargs = pytree.tree_unflatten(filled, self.input_spec)
        with (
            island.original_forward(),
            tracing_flags_hidden(is_framework),
            RecordedReads(context, self.untracked) as self.reads,
            applied(RECORDED_RUN, untracked=self.untracked, read_saved=self.reads.saved),
        ):
            out, assigned = run_forward(island.module, own, args, kwargs)
            self.reads.write_pending()
            registered = context.hooks.output_types.registered
            return registered(iterators_materialized(out), type(island.module).forward), assigned


class _Tensor:
    """Marks the place of a tensor in an output's structure."""


TENSOR = _Tensor()


def record_run(
    fn: Any, reals: list[torch.Tensor], saved: SavedTensors | None, module_names: Mapping[int, str]
) -> torch.fx.GraphModule:
    """The graph of the operations that `fn(*reals)` runs. Its sizes are plain numbers."""
    from torch.fx.experimental.proxy_tensor import make_fx

    with applied(RECORDING, module_names=module_names), nullcontext() if saved is None else OperationsNoted(saved):
        return make_fx(
            fn, tracing_mode="real", pre_dispatch=True, record_stack_traces=True, _error_on_data_dependent_ops=False
        )(*reals)
