"""Copies of inputs and of module state."""

from __future__ import annotations

import copy
from typing import Any

import torch

from torchdraft._torch import pytree
from torchdraft._torch.tensors.copies import copy_preserving_aliasing

_PLAIN = (int, float, bool, complex, str, bytes, type(None), torch.dtype, torch.device, torch.layout)


def copied_inputs(inputs: Any) -> Any:
    """Copies that a run may write to. Aliasing between tensors is preserved, and so is the state of generators."""
    leaves, spec = pytree.tree_flatten(copy_preserving_aliasing(inputs))
    return pytree.tree_unflatten([_copied_leaf(leaf) for leaf in leaves], spec)


def copied_tables(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Copies of tables of tensors. Parameters stay parameters, and a shared parameter stays shared."""
    parameters: dict[int, torch.nn.Parameter] = {}

    def as_parameter(copied: Any, own: Any) -> Any:
        if not isinstance(own, torch.nn.Parameter):
            return copied
        return parameters.setdefault(id(own), torch.nn.Parameter(copied.detach(), requires_grad=own.requires_grad))

    together = copy_preserving_aliasing([list(table.values()) for table in tables])
    return [
        {name: as_parameter(copied, own) for (name, own), copied in zip(table.items(), values, strict=True)}
        for table, values in zip(tables, together, strict=True)
    ]


def _copied_leaf(leaf: Any) -> Any:
    if isinstance(leaf, torch.Generator):
        return leaf.clone_state()
    if isinstance(leaf, (torch.Tensor, *_PLAIN)) or callable(leaf):
        return leaf
    try:
        return copy.deepcopy(leaf)
    except Exception:  # e.g. an open file: both sides use the original
        return leaf
