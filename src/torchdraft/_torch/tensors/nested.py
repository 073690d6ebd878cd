"""Tensors in nested lists, tuples and dicts."""

from __future__ import annotations

from typing import Any

import torch


def storage_key(real: torch.Tensor) -> int:
    """A key that tensors have in common if they share a storage; valid while one of them lives."""
    try:
        return int(real.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):
        return id(real)


def tensors_in(value: Any) -> list[torch.Tensor]:
    """Every tensor in nested lists, tuples and dicts, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in tensors_in(v)]
    if isinstance(value, dict):
        return [t for v in value.values() for t in tensors_in(v)]
    return []


def flat_outputs(out: Any) -> list[Any]:
    """An op's outputs as a flat list: tensors, scalars and None, in order."""
    if isinstance(out, (list, tuple)):
        return [leaf for v in out for leaf in flat_outputs(v)]
    return [out]
