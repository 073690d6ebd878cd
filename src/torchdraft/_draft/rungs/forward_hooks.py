"""Hooks around the model's `forward` while it is traced."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from torchdraft._draft.effects.protocol import Forward
from torchdraft._draft.prepare.call import bound_arguments
from torchdraft._draft.prepare.outputs import iterators_materialized, with_a_leaf, with_static_outputs
from torchdraft._draft.state.module_states import ModuleStates
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._stack.user_stack import model_called_from

from .session import Session


@contextmanager
def forward_hooks(
    mod: torch.nn.Module, session: Session, snapshot: Snapshot, drop_export_hook: Callable[[], None]
) -> Iterator[None]:
    """Hooks that see the state in which the model's `forward` begins, its result before export flattens it, and what it
    changed.

    Export swaps parameters before `forward` runs, and modules such as `LSTM` keep lists of them. Therefore only what
    changed between the two hooks is an effect of the model.
    """
    forwards: list[Forward] = []
    running = ExitStack()
    calls = 0  # an island around the whole model calls it once more

    def begin(_module: Any, args: Any, kwargs: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            return
        arguments = bound_arguments(mod, args, kwargs)
        running.enter_context(model_called_from(sys._getframe(1)))
        forwards.append(Forward(mod, arguments, at_draft=snapshot, at_entry=ModuleStates.of(mod)))
        running.enter_context(session.effects.running(forwards[0]))
        drop_export_hook()

    def finish(_module: Any, _args: Any, output: Any) -> Any:
        nonlocal calls
        calls -= 1
        if calls:
            return output
        running.close()
        session.shared_memory.write_back_all()
        output = session.output_types.registered(iterators_materialized(output), type(mod).forward)
        output = session.effects.ended(forwards[0], output)
        return with_a_leaf(with_static_outputs(output))

    handles = [mod.register_forward_pre_hook(begin, prepend=True, with_kwargs=True), mod.register_forward_hook(finish)]
    try:
        yield
    finally:
        running.close()
        for handle in handles:
            handle.remove()
