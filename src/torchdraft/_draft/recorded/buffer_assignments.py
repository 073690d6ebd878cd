"""Buffers that an island's real run assigns anew (`self.seen = self.seen + 1`): carried over to the symbolic replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def assigned_buffers(module: torch.nn.Module, given: Mapping[str, torch.Tensor]) -> Iterator[dict[str, torch.Tensor]]:
    """Fills with dotted name → new tensor for each buffer `module`'s forward replaces while this is active."""
    found: dict[str, torch.Tensor] = {}

    def note(_module: Any, _args: Any, _output: Any) -> None:
        now = module.named_buffers(remove_duplicate=False)
        found.update({name: buffer for name, buffer in now if name in given and buffer is not given[name]})

    handle = module.register_forward_hook(note)
    try:
        yield found
    finally:
        handle.remove()


def assign_buffers(module: torch.nn.Module, values: Mapping[str, torch.Tensor]) -> None:
    """Makes the same assignments in the traced program, where export sees them and keeps the writes."""
    for name, value in values.items():
        path, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(path), leaf, value)
