"""Where a fake kernel holds: what the experiments left out, and what its rules were wrong for."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .experiments.calls import Call
from .experiments.operator import Operator
from .learning.cases import Case, Learned


def empty_dimensions(operator: Operator, calls: Sequence[Call]) -> tuple[tuple[str, int], ...]:
    """The dimensions that are 0 in calls: argument, and index."""
    found: dict[tuple[str, int], None] = {}
    for call in calls:
        for name, value in zip(operator.parameters, call.values, strict=True):
            for tensor in Call((value,)).tensors():
                in_list = isinstance(value, tuple)
                for dim, size in enumerate(tensor.shape):
                    if size == 0:
                        found[(name + ("[]" if in_list else ""), dim - len(tensor.shape))] = None
    return tuple(found)


def changed_dtypes(operator: Operator, before: Call, after: Call) -> tuple[tuple[str, str], ...]:
    """The arguments whose kind of dtype differs between two calls, each with the second one."""
    found = []
    for name, one, other in zip(operator.parameters, before.values, after.values, strict=True):
        for left, right in zip(Call((one,)).tensors(), Call((other,)).tensors(), strict=True):
            if dtype_kind(left.dtype) != dtype_kind(right.dtype):
                found.append((f"{name}[0]" if isinstance(one, tuple) else name, dtype_kind(right.dtype)))
    return tuple(dict.fromkeys(found))


def dtype_kind(dtype: torch.dtype) -> str:
    """The kind of a dtype, by the names that kernels test for."""
    if dtype is torch.bool:
        return "bool"
    return "complex" if dtype.is_complex else "float" if dtype.is_floating_point else "int"


def domain_of(operator: Operator, learned: Learned) -> list[str]:
    found = [f"dimension {dim} of {name.removesuffix('[]')} is not 0" for name, dim in learned.nonempty]
    found += ["not " + " and ".join(f"{kind} {name}" for name, kind in row) for row in learned.foreign]
    if any("object" in each for case in learned.cases for each in case.structures):
        found.append("the objects of the given calls: no others were tried")
    results = [case.result for case in learned.cases if case.result is not None]
    if any(rule.layout.only_contiguous for result in results for rule in result.tensors()):
        found.append("contiguous tensors: the strides for others follow no rule that was found")
    found += [f"not {_named(operator, case)}: {case.reason}" for case in learned.cases if case.result is None]
    return found


def _named(operator: Operator, case: Case) -> str:
    parts = []
    for name, kind in zip(operator.parameters, case.structures[0], strict=True):
        if isinstance(kind, tuple) and kind[0] == "rank":
            parts.append(f"{name} of rank {kind[1]}")
        elif isinstance(kind, bool) or kind is None:
            parts.append(f"{name}={kind}")
    return ", ".join(parts) or "these calls"
