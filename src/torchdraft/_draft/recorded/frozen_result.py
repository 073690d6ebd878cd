"""The last rung: a program that holds its inputs to the example and returns what the model returned on it.

What serves where a recorded run cannot be written down or replayed. Nothing but comparisons and constants is in the
graph, so that hardly anything can stand in its way.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.prepare.outputs import iterators_materialized
from torchdraft._draft.reads.asserted import BY_CONSTANT, assert_data
from torchdraft._stack.user_stack import is_framework
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import erase_failed_nodes, outside_tracing
from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.patches.recorded_runs import tracing_flags_hidden
from torchdraft._torch.tensors.copies import copy_preserving_aliasing
from torchdraft._torch.tensors.subclasses import without_subclass

from .buffer_assignments import assign_buffers, assigned_buffers

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class FrozenForward:
    """Stands in for the model's `forward`. `tell` hears what the result depends on that nothing asserts."""

    def __init__(self, module: torch.nn.Module, context: TraceContext, tell: Callable[[tuple[str, ...]], None]) -> None:
        self.module = module
        self.context = context
        self.tell = tell
        self.own = module.__dict__.get("forward")
        self.__wrapped__ = module.forward  # so that inspect.signature still tells the model's parameters

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fakes, spec = pytree.tree_flatten((args, kwargs))
        inputs = [f for f in fakes if isinstance(f, FakeTensor)]
        state = {n: t for n, t in _state(self.module).items() if isinstance(t, FakeTensor)}
        with outside_tracing():
            before = self.context.reals.tensors([*inputs, *state.values()])
            after = copy_preserving_aliasing(before)
            own = dict(zip(state, after[len(inputs) :], strict=True))
            given = iter(after)
            own_class = self.context.user.in_user_subclass
            filled = [own_class(next(given), f) if isinstance(f, FakeTensor) else f for f in fakes]
            with self.context.hooks.draws.as_eager():
                drew = _random_state()
                out, assigned = self._run(own, *pytree.tree_unflatten(filled, spec))
                random_too = ("random numbers",) if _random_state() != drew else ()
            leaves, made = pytree.tree_flatten(out)
        self.tell((*self._asserted(inputs, before[: len(inputs)]), *random_too))
        for fake, was, now in zip((*inputs, *state.values()), before, after, strict=True):
            if _written(was, now):
                fake.detach().copy_(now)
        assign_buffers(self.module, {name: now.clone() for name, now in assigned.items()})
        same = {id(now): fake for now, fake in zip(after, (*inputs, *state.values()), strict=True)}
        return pytree.tree_unflatten([self._constant(leaf, same) for leaf in leaves], made)

    def _run(self, state: dict[str, torch.Tensor], args: Any, kwargs: Any) -> tuple[Any, dict[str, torch.Tensor]]:
        """The model's output on the example, and the buffers it assigned."""
        stand_in = self.module.__dict__.pop("forward")
        if self.own is not None:
            self.module.__dict__["forward"] = self.own
        try:
            with assigned_buffers(self.module, state) as assigned, tracing_flags_hidden(is_framework):
                out = torch.func.functional_call(self.module, state, args, kwargs, tie_weights=False)
                return self.context.hooks.output_types.registered(
                    iterators_materialized(out), type(self.module).forward
                ), dict(assigned)
        finally:
            self.module.__dict__["forward"] = stand_in

    def _asserted(self, fakes: list[torch.Tensor], reals: list[torch.Tensor]) -> list[str]:
        """Asserts each input's data; names those it cannot assert."""
        rest = []
        for fake, real in zip(fakes, reals, strict=True):
            if real.numel() > BY_CONSTANT:
                rest.append(f"an input too large to store, {_outside(real)}")
                continue
            with outside_tracing():
                data = real.detach()  # traced, a sparse one becomes a fake tensor
            try:
                assert_data(fake.detach(), data)
            except Exception:
                erase_failed_nodes()
                rest.append(f"an input of a kind that cannot be compared, {_outside(real)}")
        return rest

    def _constant(self, leaf: Any, same: dict[int, torch.Tensor]) -> Any:
        """A tensor of the result as the program returns it: an input itself, or a copy of a constant."""
        if not isinstance(leaf, torch.Tensor):
            return leaf
        return same[id(leaf)] if id(leaf) in same else without_subclass(leaf).detach().clone()


def _state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _random_state() -> Any:
    return bytes(torch.random.get_rng_state().numpy()), random.getstate()


def _written(was: torch.Tensor, now: torch.Tensor) -> bool:
    """Whether the model wrote to a tensor it was given."""
    with outside_tracing():
        if was.layout is not torch.strided:
            return False
        return was.shape != now.shape or not torch.equal(was.detach().nan_to_num(), now.detach().nan_to_num())


def _outside(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
