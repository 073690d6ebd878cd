"""Buffers to which a real run assigns a new tensor (`self.mean = self.mean * 0.9`): repeated in the traced program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._torch.patching.changes import Changes


@contextmanager
def assigned_buffers(module: torch.nn.Module, given: Mapping[str, torch.Tensor]) -> Iterator[dict[str, torch.Tensor]]:
    """A dict that receives dotted name → new tensor for each buffer that `forward` replaces while this is active."""
    found: dict[str, torch.Tensor] = {}

    def note(_module: Any, _args: Any, _output: Any) -> None:
        now = module.named_buffers(remove_duplicate=False)
        found.update({name: buffer for name, buffer in now if name in given and buffer is not given[name]})

    def make(changes: Changes) -> None:
        handles: list[Any] = []
        changes.afterwards(lambda: [handle.remove() for handle in handles])
        handles.append(module.register_forward_hook(note))

    with Changes(make):
        yield found


def assign_buffers(module: torch.nn.Module, values: Mapping[str, torch.Tensor]) -> None:
    """Assigns the buffers in the traced program, where export sees the assignments and keeps them."""
    for name, value in values.items():
        path, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(path), leaf, value)
