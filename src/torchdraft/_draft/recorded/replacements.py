"""Replaces `forward` of modules for the time of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

from torchdraft._draft.tracing.context import TraceContext
from torchdraft._torch.patching.changes import Changes

from .frozen_result import FrozenForward
from .island import Island
from .untracked_tensors import TensorsBefore


def forward_replaced(
    mod: torch.nn.Module,
    names: Iterable[str],
    context: TraceContext,
    *,
    on_unasserted: Callable[[tuple[str, ...]], None] | None = None,
) -> Changes:
    """A context in which the modules of `mod` with these dotted names are recorded from their real runs.

    With `on_unasserted` their results on the example are frozen instead; it is called with what such a result depends
    on that no assertion covers.
    """

    def make(changes: Changes) -> None:
        named = dict(mod.named_modules(remove_duplicate=False))
        modules = {id(named[name]): (named[name], name) for name in reversed(list(names))}
        before = TensorsBefore()
        for module, name in reversed(modules.values()):
            forward = (
                Island(module, name, context, before)
                if on_unasserted is None
                else FrozenForward(module, context, on_unasserted)
            )
            changes.item(module.__dict__, "forward", forward)

    return Changes(make)
