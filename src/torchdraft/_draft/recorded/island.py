"""Islands: a submodule recorded from its real run and replayed symbolically.

Python never touches a fake tensor inside an island: NumPy, threads, pickling and formatting all see real data. The op
graph of that run is then interpreted under the symbolic mode, so that the rest of the model stays symbolic around it.
What Python read inside is asserted in the graph by value, as any other host read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.prepare.outputs import iterators_materialized
from torchdraft._stack.user_stack import is_framework
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import outside_tracing
from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.patches.recorded_runs import tracing_flags_hidden
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import RECORDED_RUN, RECORDING
from torchdraft._torch.shapes import as_plain
from torchdraft._torch.tensors.copies import copy_preserving_aliasing
from torchdraft._torch.tensors.subclasses import without_subclass

from .buffer_assignments import assign_buffers, assigned_buffers
from .recorded_reads import RecordedReads
from .replay import Replay
from .untracked_tensors import TensorsBefore, UntrackedTensors, recorded_constants, restore_inputs

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft.model.events import Frame


class Island:
    """Stands in for a module's `forward` during a trace."""

    def __init__(self, module: torch.nn.Module, name: str, context: TraceContext, before: TensorsBefore) -> None:
        self.module = module
        self.name = name
        self.context = context
        self.before = before
        self.own = module.__dict__.get("forward")
        self.__wrapped__ = module.forward  # so that inspect.signature still tells the model's parameters
        self.__code__ = getattr(module.forward, "__code__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fakes, spec = pytree.tree_flatten((args, kwargs))
        state = {n: t for n, t in _state(self.module).items() if isinstance(t, FakeTensor)}
        tensors = [*state.values(), *[f for f in fakes if isinstance(f, torch.Tensor)]]
        graph, shape = self._record(tensors, state, fakes, spec)
        replayed = iter(Replay(graph, self.context, last=self.name == "").run(*tensors))
        leaves = [next(replayed) if leaf is TENSOR else leaf for leaf in shape["leaves"]]
        assign_buffers(self.module, dict(zip(shape["assigned"], replayed, strict=False)))
        for place, moved in zip(shape["moved"], replayed, strict=True):
            tensors[place].data = moved
        return pytree.tree_unflatten(leaves, shape["spec"])

    def _record(
        self, tensors: list[torch.Tensor], state: dict[str, torch.Tensor], leaves: list[Any], spec: Any
    ) -> tuple[torch.fx.GraphModule, dict[str, Any]]:
        """The graph of the module's real run, and the structure of what it returned, assigned and gave other memory."""
        plain = [as_plain(leaf) for leaf in leaves]
        with outside_tracing():
            reals = self._reals(tensors)
            before = [real.detach() for real in reals]
            shape: dict[str, Any] = {}

            def flat(*given: torch.Tensor) -> list[torch.Tensor]:
                own = dict(zip(state, given[: len(state)], strict=True))
                rest = iter(given[len(state) :])
                own_class = self.context.user.in_user_subclass
                filled = [own_class(next(rest), leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in plain]
                args, kwargs = pytree.tree_unflatten(filled, spec)
                outsiders = shape["outsiders"] = UntrackedTensors(self.context, self.before)
                with (
                    assigned_buffers(self.module, own) as assigned,
                    self._as_itself(),
                    tracing_flags_hidden(is_framework),
                    RecordedReads(self.context, outsiders) as reads,
                    applied(RECORDED_RUN, untracked=outsiders, read_saved=reads.saved),
                ):
                    out = torch.func.functional_call(self.module, own, args, kwargs, tie_weights=False)
                    shape["reads"] = reads
                    reads.settle()
                    out = self.context.hooks.output_types.registered(
                        iterators_materialized(out), type(self.module).forward
                    )
                leaves_out, shape["spec"] = pytree.tree_flatten(out)
                flat_out = [without_subclass(leaf) for leaf in leaves_out]
                reads.lent.write_back_all()
                outsiders.meet(flat_out, self._where())
                shape["leaves"] = [TENSOR if isinstance(o, torch.Tensor) else o for o in flat_out]
                shape["assigned"] = list(assigned)
                shape["moved"] = [place for place, tensor in enumerate(given) if id(tensor) in reads.moved]
                moved = [given[place] for place in shape["moved"]]
                return [*[o for o in flat_out if isinstance(o, torch.Tensor)], *assigned.values(), *moved]

            with self.context.hooks.draws.as_eager():
                graph = record_run(flat, reals)
            shape["reads"].put_back()
            restore_inputs(graph, before)
            for constant in recorded_constants(graph):
                shape["outsiders"].tell(constant, self._where())
        return graph, shape

    def _where(self) -> tuple[Frame, ...]:
        """The module's `forward`, as a place in the user's code."""
        code = self.__code__
        return () if code is None else ((code, code.co_firstlineno, 0),)

    def _reals(self, fakes: list[torch.Tensor]) -> list[torch.Tensor]:
        """What the run starts from: copies, and copies that share memory where the model's tensors do."""
        copies = copy_preserving_aliasing([real.detach() for real in self.context.reals.tensors(fakes)])
        for copied, fake in zip(copies, fakes, strict=True):
            copied.requires_grad_(fake.requires_grad)
        return list(copies)

    @contextmanager
    def _as_itself(self) -> Iterator[None]:
        """The module with its own `forward`, for the time of the real run."""
        stand_in = self.module.__dict__.pop("forward")
        if self.own is not None:
            self.module.__dict__["forward"] = self.own
        try:
            yield
        finally:
            self.module.__dict__["forward"] = stand_in


class _Tensor:
    """Marks the place of a tensor in an output's structure."""


TENSOR = _Tensor()


def record_run(fn: Any, reals: list[torch.Tensor]) -> torch.fx.GraphModule:
    """The ops `fn(*reals)` ran, as a graph of concrete sizes."""
    from torch.fx.experimental.proxy_tensor import make_fx

    with applied(RECORDING):
        return make_fx(fn, tracing_mode="real", pre_dispatch=True, _error_on_data_dependent_ops=False)(*reals)


def _state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
