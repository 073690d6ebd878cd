"""The last rung: a program that asserts its inputs to be the example, and returns what the model returned for it.

It is used where a recorded run can be neither saved nor replayed. Its graph contains comparisons and constants only.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.prepare.outputs import iterators_materialized
from torchdraft._draft.reads.asserted import BY_CONSTANT, assert_data
from torchdraft._stack.frame_kinds import is_framework
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import erase_failed_nodes, outside_tracing
from torchdraft._torch.patches.tracers.recorded_runs import tracing_flags_hidden
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.copies import copy_preserving_aliasing
from torchdraft._torch.tensors.subclasses import without_subclass

from .buffer_assignments import assign_buffers, run_forward
from .module_state import ReplacedForward, fake_state

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class FrozenForward(ReplacedForward):
    """Replaces the model's `forward`. Calls `on_unasserted` with what the result depends on under no assertion."""

    def __init__(
        self, module: torch.nn.Module, context: TraceContext, on_unasserted: Callable[[tuple[str, ...]], None]
    ) -> None:
        super().__init__(module)
        self.context = context
        self.on_unasserted = on_unasserted

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fakes, spec = pytree.tree_flatten((args, kwargs))
        inputs = [f for f in fakes if isinstance(f, FakeTensor)]
        state = fake_state(self.module)
        with outside_tracing():
            before = self.context.reals.tensors([*inputs, *state.values()])
            after = copy_preserving_aliasing(before)
            own = dict(zip(state, after[len(inputs) :], strict=True))
            given = iter(after)
            in_subclass = self.context.user.in_user_subclass
            filled = [in_subclass(next(given), f) if isinstance(f, FakeTensor) else f for f in fakes]
            with self.context.hooks.draws.as_eager():
                random_state = _random_state()
                out, assigned = self._run(own, *pytree.tree_unflatten(filled, spec))
                drew = _random_state() != random_state
            leaves, out_spec = pytree.tree_flatten(out)
        unasserted = self._assert_inputs(inputs, before[: len(inputs)])
        self.on_unasserted((*unasserted, *(("random numbers",) if drew else ())))
        for fake, was, now in zip((*inputs, *state.values()), before, after, strict=True):
            if _was_written_to(was, now):
                fake.detach().copy_(now)
        assign_buffers(self.module, {name: now.clone() for name, now in assigned.items()})
        fake_of = {id(now): fake for now, fake in zip(after, (*inputs, *state.values()), strict=True)}
        return pytree.tree_unflatten([_returned(leaf, fake_of) for leaf in leaves], out_spec)

    def _run(self, state: dict[str, torch.Tensor], args: Any, kwargs: Any) -> tuple[Any, dict[str, torch.Tensor]]:
        """The model's output on the example, and the buffers that it assigned."""
        with self.original_forward(), tracing_flags_hidden(is_framework):
            out, assigned = run_forward(self.module, state, args, kwargs)
            registered = self.context.hooks.output_types.registered
            return registered(iterators_materialized(out), type(self.module).forward), assigned

    def _assert_inputs(self, fakes: list[torch.Tensor], reals: list[torch.Tensor]) -> list[str]:
        """Asserts the data of the inputs; returns descriptions of those that cannot be asserted."""
        unasserted = []
        for fake, real in zip(fakes, reals, strict=True):
            if real.numel() > BY_CONSTANT:
                unasserted.append(f"an input too large to store, {_described(real)}")
                continue
            with outside_tracing():
                data = real.detach()  # under tracing, `detach` of a sparse tensor returns a fake tensor
            try:
                assert_data(fake.detach(), data, "exact")
            except Exception:
                erase_failed_nodes()
                unasserted.append(f"an input of a kind that cannot be compared, {_described(real)}")
        return unasserted


def _returned(leaf: Any, fake_of: dict[int, torch.Tensor]) -> Any:
    """A leaf of the output as the program returns it: an input itself, or a copy of a constant."""
    if not isinstance(leaf, torch.Tensor):
        return leaf
    return fake_of[id(leaf)] if id(leaf) in fake_of else without_subclass(leaf).detach().clone()


def _random_state() -> Any:
    return bytes(torch.random.get_rng_state().numpy()), random.getstate()


def _was_written_to(was: torch.Tensor, now: torch.Tensor) -> bool:
    """Whether the model changed a tensor in place."""
    with outside_tracing():
        if was.layout is not torch.strided:
            return False
        return was.shape != now.shape or not torch.equal(was.detach().nan_to_num(), now.detach().nan_to_num())


def _described(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
