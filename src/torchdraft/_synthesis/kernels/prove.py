"""Tests a fake kernel on calls that it was not learned from, under `torch.export`, and with `torch.library.opcheck`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._synthesis.experiments.calls import Call, Material, TensorSpec
from torchdraft._synthesis.experiments.operator import Operator
from torchdraft._torch.pytree import tree_leaves

from .compare import with_kernel


@dataclass(frozen=True, slots=True)
class Checks:
    """The outcome of each test: `ok`, `not run: …`, or what went wrong."""

    export: str = "not run"
    opcheck: tuple[tuple[str, str], ...] = ()

    @property
    def failed(self) -> list[str]:
        """What went wrong because of the kernel."""
        wrong = [] if self.export == "ok" or self.export.startswith("not run") else [f"torch.export: {self.export}"]
        return wrong + [f"opcheck, {name}: {text}" for name, text in self.opcheck if _of_the_kernel(name, text)]


def _of_the_kernel(name: str, text: str) -> bool:
    """Whether a test of opcheck fails because of the fake kernel, and not of the schema, the gradient, or torch."""
    return text != "ok" and name in ("opcheck", "test_faketensor", "test_aot_dispatch_dynamic") and LIMIT not in text


LIMIT = "We only support functionalizing operators"
"""What torch says of operators that return a view, with any fake kernel."""


class _Caller(torch.nn.Module):
    """Calls the operator with some tensors, and makes tensors of the sizes that the fake kernel describes."""

    def __init__(self, operator: Operator, values: Sequence[Any]) -> None:
        super().__init__()
        self.operator = operator
        self.values = values

    def forward(self, tensors: list[torch.Tensor]) -> list[Any]:
        left = list(tensors)
        values = [_filled(value, left) for value in self.values]
        args, kwargs = self.operator.unbind(values)
        outputs = [o for o in tree_leaves(self.operator.overload(*args, **kwargs)) if isinstance(o, torch.Tensor)]
        return [(output, torch.zeros(output.shape)) for output in outputs]


def _filled(value: Any, tensors: list[torch.Tensor]) -> Any:
    if isinstance(value, list):
        return [_filled(item, tensors) for item in value]
    return tensors.pop(0) if isinstance(value, torch.Tensor) else value


def check_export(operator: Operator, material: Material, calls: Sequence[Call], source: str) -> str:
    """Exports a call with dynamic sizes and runs the program on the others. `ok`, or what went wrong."""
    first, *others = calls
    tensors = _tensors(material, first)
    if not tensors:
        return "not run: the operator takes no tensors"
    shapes = [[_dynamic(tensor) for tensor in tensors]]
    with warnings.catch_warnings(), with_kernel(operator, source):
        warnings.simplefilter("ignore")
        model = _Caller(operator, material.build(first))
        try:
            program = torch.export.export(model, (tensors,), dynamic_shapes=tuple(shapes))
        except Exception as error:
            return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        module = program.module()
        for call in others:
            try:
                pairs = module(_tensors(material, call))
            except Exception:
                continue  # torch.export fixed a size, or assumed that two are equal
            for output, zeros in pairs:
                if output.shape != zeros.shape:
                    return f"an output of shape {list(output.shape)} is {list(zeros.shape)} in the program"
    return "ok"


def _dynamic(tensor: torch.Tensor) -> dict[int, Any]:
    return {dim: torch.export.Dim.AUTO for dim, size in enumerate(tensor.shape) if size > 1}


def _tensors(material: Material, call: Call) -> list[torch.Tensor]:
    return [leaf.detach() for leaf in tree_leaves(material.build(call)) if isinstance(leaf, torch.Tensor)]


def run_opcheck(operator: Operator, material: Material, call: Call, source: str) -> tuple[tuple[str, str], ...]:
    """The results of `torch.library.opcheck` for one call."""
    args, kwargs = operator.unbind(material.build(call))
    with warnings.catch_warnings(), with_kernel(operator, source):
        warnings.simplefilter("ignore")
        try:
            found = torch.library.opcheck(operator.overload, args, kwargs, raise_exception=False)
        except Exception as error:
            return (("opcheck", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"),)
    return tuple((name, _result(result)) for name, result in found.items())


def _result(result: Any) -> str:
    if result == "SUCCESS":
        return "ok"
    return f"{type(result).__name__}: {' '.join(str(result).split())[:200]}"


def same_constants(left: Call, right: Call) -> bool:
    """Whether two calls differ in the sizes of their tensors only."""
    return tuple(map(_constant, left.values)) == tuple(map(_constant, right.values))


def _constant(value: Any) -> Any:
    if isinstance(value, TensorSpec):
        return (len(value.shape), value.dtype, value.order, value.gaps)
    return tuple(map(_constant, value)) if isinstance(value, tuple) else (type(value), value)
