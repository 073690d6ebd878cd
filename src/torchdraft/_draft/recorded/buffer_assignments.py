"""Buffers to which a real run assigns a new tensor (`self.mean = self.mean * 0.9`): repeated in the traced program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def run_forward(
    module: torch.nn.Module, state: Mapping[str, torch.Tensor], args: Any, kwargs: Any
) -> tuple[Any, dict[str, torch.Tensor]]:
    """The output of `module.forward` with the tensors of `state` in place, and dotted name → new tensor for each buffer
    that it assigned.

    The module's own hooks do not run: they run around its replaced `forward`.
    """
    call = _ForwardOnly(module, state)
    named = {f"module.{name}": tensor for name, tensor in state.items()}
    out = torch.func.functional_call(call, named, args, kwargs, tie_weights=False)
    return out, call.assigned


class _ForwardOnly(torch.nn.Module):
    """Calls a module's `forward`, and notes its buffers before `functional_call` restores them."""

    def __init__(self, module: torch.nn.Module, state: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        self.module = module
        self.state = state
        self.assigned: dict[str, torch.Tensor] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`forward` of the module."""
        out = self.module.forward(*args, **kwargs)
        now = self.module.named_buffers(remove_duplicate=False)
        self.assigned = {name: b for name, b in now if name in self.state and b is not self.state[name]}
        return out


def assign_buffers(module: torch.nn.Module, values: Mapping[str, torch.Tensor]) -> None:
    """Assigns the buffers in the traced program, where export sees the assignments and keeps them."""
    for name, value in values.items():
        path, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(path), leaf, value)
