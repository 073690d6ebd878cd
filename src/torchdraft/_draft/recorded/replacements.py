"""Puts the replacement of `forward` into modules for the time of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._draft.tracing.context import TraceContext

from .frozen_result import FrozenForward
from .island import Island
from .untracked_tensors import TensorsBefore


@contextmanager
def forward_replaced(
    mod: torch.nn.Module,
    names: Iterable[str],
    context: TraceContext,
    *,
    on_unasserted: Callable[[tuple[str, ...]], None] | None = None,
) -> Iterator[None]:
    """In this block the modules of `mod` with these dotted names are recorded from their real runs.

    With `on_unasserted` their results on the example are frozen instead; it is called with what such a result depends
    on that no assertion covers.
    """
    modules = dict(mod.named_modules(remove_duplicate=False))
    replaced: list[tuple[torch.nn.Module, Any]] = []
    before = TensorsBefore()
    for name in names:
        module = modules[name]
        if any(module is other for other, _ in replaced):
            continue
        replaced.append((module, module.__dict__.get("forward")))
        if on_unasserted is not None:
            module.__dict__["forward"] = FrozenForward(module, context, on_unasserted)
        else:
            module.__dict__["forward"] = Island(module, name, context, before)
    try:
        yield
    finally:
        for module, own in replaced:
            if own is None:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = own
