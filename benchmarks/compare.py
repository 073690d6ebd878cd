"""Compares the outputs of a program with those of eager: structure, types, dtypes, shapes and values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch

# Replays run the same kernels as eager. Only decomposed operators and autocast cause differences.
_TOLERANCE = {torch.bfloat16: 2e-2, torch.float16: 1e-2, torch.float32: 1e-4, torch.complex64: 1e-4}
_LEAVES = (str, bytes, int, float, bool, complex, type(None), type, torch.dtype, torch.device, torch.SymInt)
_OPAQUE = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, torch.nn.Module, torch.Generator)


def walk(value: object, path: str = "out", *, loose: bool = False, depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every leaf of `value` with its path, in a fixed order. `loose` ignores the container types."""
    if isinstance(value, (torch.Tensor, *_LEAVES, *_OPAQUE)) or depth > 8:
        yield path, value
        return
    if not loose:
        yield f"type({path})", type(value).__name__
    for key, child in children(value):
        yield from walk(child, f"{path}[{key!r}]", loose=loose, depth=depth + 1)


def children(value: object) -> list[tuple[object, object]]:
    """The parts of a container, or the attributes of an object."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return list(enumerate(value))
    if dataclasses.is_dataclass(value):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return list(getattr(value, "__dict__", {}).items())


def tensors(value: object) -> list[torch.Tensor]:
    """Every tensor inside `value`, in a fixed order."""
    return [leaf for _, leaf in walk(value, loose=True) if isinstance(leaf, torch.Tensor)]


def difference(expected: object, actual: object, *, loose: bool = False, scale: float = 1.0) -> str | None:
    """A description of the first difference, or None. `loose` compares only the tensors, in any containers."""
    left = list(walk(expected, loose=loose))
    right = list(walk(actual, loose=loose))
    if loose:
        left = [(path, leaf) for path, leaf in left if isinstance(leaf, torch.Tensor)]
        right = [(path, leaf) for path, leaf in right if isinstance(leaf, torch.Tensor)]
    if len(left) != len(right):
        return f"{len(left)} leaves expected, got {len(right)}"
    for (path, one), (other_path, two) in zip(left, right, strict=True):
        if path != other_path and not loose:
            return f"expected {path}, got {other_path}"
        if (found := leaf_difference(one, two, scale)) is not None:
            return f"{path}: {found}"
    return None


def leaf_difference(expected: Any, actual: Any, scale: float = 1.0) -> str | None:
    """A description of the difference between two leaves, or None."""
    if isinstance(expected, torch.Tensor) != isinstance(actual, torch.Tensor):
        return f"expected {type(expected).__name__}, got {type(actual).__name__}"
    if isinstance(expected, torch.Tensor):
        return tensor_difference(expected, actual, scale)
    if isinstance(expected, float) and isinstance(actual, float):
        close = expected == actual or abs(expected - actual) <= 1e-5 * scale * (1 + abs(expected))
        return None if close or (expected != expected and actual != actual) else f"{expected!r} became {actual!r}"
    return None if bool(expected == actual) else f"{expected!r} became {actual!r}"


def tensor_difference(expected: torch.Tensor, actual: torch.Tensor, scale: float = 1.0) -> str | None:
    """A description of the difference between two tensors, or None."""
    if type(actual) not in {type(expected), torch.Tensor, torch.nn.Parameter}:
        return f"a {type(actual).__name__} came out"
    if expected.dtype != actual.dtype:
        return f"dtype {expected.dtype} became {actual.dtype}"
    if expected.shape != actual.shape:
        return f"shape {tuple(expected.shape)} became {tuple(actual.shape)}"
    one, two = dense(expected), dense(actual)
    if torch.equal(one, two):
        return None
    tolerance = _TOLERANCE.get(one.dtype, 1e-6) * scale
    if one.is_floating_point() or one.is_complex():
        if torch.allclose(one, two, rtol=tolerance, atol=tolerance, equal_nan=True):
            return None
        worst = (one - two).abs().nan_to_num(float("inf")).max().item()
        return f"values differ by up to {worst:.3g}"
    return f"{int((one != two).sum())} of {one.numel()} values differ"


def dense(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor without autograd and without a sparse layout."""
    tensor = tensor.detach()
    return tensor if tensor.layout == torch.strided else tensor.to_dense()
