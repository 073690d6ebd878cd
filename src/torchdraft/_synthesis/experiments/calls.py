"""Calls of an operator as data: shapes, dtypes and layouts of tensors, and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

DATA = ("given", "sampled", "small", "sorted", "zeros", "constant")
"""How the values of tensors are drawn: as they were given, from the values given, integers that are an index into
every dimension, ascending integers, only zeros, or one value in all places."""

MOST_DRAWN = 499
"""How many values of a tensor are drawn; larger tensors repeat them. A prime, so that no two rows are equal."""

FLOATING = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor without its values."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    device: str = "cpu"
    order: tuple[int, ...] = ()
    """The dimensions from the outermost in memory to the innermost; empty for a contiguous tensor."""
    gaps: bool = False
    """Whether every second element of the innermost dimension in memory is skipped."""
    base: int | None = field(default=None, compare=False)
    """The index of the given tensor whose values are sampled."""
    requires_grad: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Given:
    """A value that is passed as it was given, such as a TorchBind object."""

    index: int


@dataclass(frozen=True, slots=True)
class Call:
    """One value for each argument of the schema. Lists are tuples, tensors are `TensorSpec`."""

    values: tuple[Any, ...]
    data: str = "given"
    seed: int = 0

    def tensors(self) -> Iterator[TensorSpec]:
        """All tensors, those in lists included."""
        for value in self.values:
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, TensorSpec):
                    yield item

    @property
    def empty(self) -> bool:
        """Whether a tensor has no elements. Operators treat these as special cases."""
        return any(0 in tensor.shape for tensor in self.tensors())

    def weight(self) -> tuple[int, ...]:
        """Orders calls by size: elements, then the sum of the sizes, then the sum of the numbers."""
        sizes = [size for tensor in self.tensors() for size in tensor.shape]
        numbers = [abs(v) for v in self.values if isinstance(v, int) and not isinstance(v, bool)]
        return (len(list(self.tensors())) + sum(sizes), sum(numbers), self.seed)


class Material:
    """The tensors and objects of the given calls, from which the values of other calls come."""

    def __init__(self) -> None:
        self.tensors: list[torch.Tensor] = []
        self.objects: list[Any] = []

    def describe(self, values: Sequence[Any]) -> Call:
        """A given call as data. The tensors are kept."""
        return Call(tuple(self._value(value) for value in values))

    def _value(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, (list, tuple)):
            return tuple(self._value(item) for item in value)
        if value is None or isinstance(value, (bool, int, float, complex, str, torch.dtype, torch.device)):
            return value
        if isinstance(value, (torch.layout, torch.memory_format)):
            return value
        self.objects.append(value)
        return Given(len(self.objects) - 1)

    def _tensor(self, tensor: torch.Tensor) -> TensorSpec:
        if tensor.layout is not torch.strided or type(tensor) not in (torch.Tensor, torch.nn.Parameter):
            kind = str(tensor.layout) if tensor.layout is not torch.strided else type(tensor).__name__
            raise TypeError(f"an argument is a tensor of kind {kind}; only plain, strided tensors can be varied")
        self.tensors.append(tensor.detach())
        order = tuple(sorted(range(tensor.dim()), key=lambda d: (-tensor.stride(d), d)))
        return TensorSpec(
            tuple(tensor.shape),
            tensor.dtype,
            str(tensor.device),
            () if tensor.is_contiguous() else order,
            base=len(self.tensors) - 1,
            requires_grad=tensor.requires_grad,
        )

    def build(self, call: Call) -> list[Any]:
        """The arguments of a call. A call with the same seed has the same values."""
        generator = torch.Generator().manual_seed(call.seed)
        limit = min((s for t in call.tensors() for s in t.shape), default=1)
        draw = _Draw(self, call.data, generator, max(limit, 1))
        return [self._built(value, draw) for value in call.values]

    def _built(self, value: Any, draw: _Draw) -> Any:
        if isinstance(value, TensorSpec):
            return draw.tensor(value)
        if isinstance(value, tuple):
            return [self._built(item, draw) for item in value]
        return self.objects[value.index] if isinstance(value, Given) else value


@dataclass(slots=True)
class _Draw:
    """Draws the values of the tensors of one call."""

    material: Material
    data: str
    generator: torch.Generator
    limit: int

    def tensor(self, spec: TensorSpec) -> torch.Tensor:
        values = self._values(spec).to(spec.dtype).to(spec.device)
        if spec.order or spec.gaps:
            values = _laid_out(values, spec)
        if spec.requires_grad and spec.dtype.is_floating_point:
            values = values.requires_grad_()
        return values

    def _values(self, spec: TensorSpec) -> torch.Tensor:
        base = None if spec.base is None else self.material.tensors[spec.base]
        if self.data == "given" and base is not None and tuple(base.shape) == spec.shape:
            return base.cpu().clone().contiguous()
        if self.data == "zeros":
            return torch.zeros(spec.shape)
        if self.data == "constant":
            return torch.full(spec.shape, float(torch.randint(0, 3, (), generator=self.generator)))
        whole = not (spec.dtype.is_floating_point or spec.dtype.is_complex)
        if whole and self.data in ("small", "sorted"):
            values = torch.randint(0, self.limit, spec.shape, generator=self.generator)
            return values.sort(-1).values if self.data == "sorted" and values.dim() else values
        if base is not None and base.numel():
            count = math.prod(spec.shape)
            drawn = self._sampled(base, min(count, MOST_DRAWN))
            return drawn.repeat(-(-count // MOST_DRAWN))[:count].reshape(spec.shape)
        if spec.dtype is torch.bool:
            return torch.randint(0, 2, spec.shape, generator=self.generator)
        if whole:
            return torch.randint(0, self.limit, spec.shape, generator=self.generator)
        return torch.randn(spec.shape, generator=self.generator)

    def _sampled(self, base: torch.Tensor, count: int) -> torch.Tensor:
        """Values of a given tensor. Those of a number are varied; integers stay what they were, since they may be
        indices.
        """
        chosen = base.cpu().reshape(-1)[torch.randint(0, base.numel(), (count,), generator=self.generator)]
        if not base.dtype.is_floating_point:
            return chosen
        return chosen.float() * (1 + 0.5 * torch.rand(count, generator=self.generator))


def _laid_out(values: torch.Tensor, spec: TensorSpec) -> torch.Tensor:
    order = spec.order or tuple(range(values.dim()))
    back = [order.index(d) for d in range(values.dim())]
    permuted = values.permute(order).contiguous()
    if spec.gaps and permuted.dim():
        wide = permuted.new_empty((*permuted.shape[:-1], 2 * permuted.shape[-1]))
        wide[..., ::2] = permuted
        permuted = wide[..., ::2]
    return permuted.permute(back)


def with_data(call: Call, data: str, seed: int) -> Call:
    """The same call with other values in its tensors."""
    return replace(call, data=data, seed=seed)


def shown(operator: Any, call: Call) -> str:
    """A call in short: `foo(x=f32[2, 3], n=2)`."""
    base = operator.name.rpartition("::")[2]
    given = ", ".join(f"{n}={_shown(v)}" for n, v in zip(operator.parameters, call.values, strict=True))
    return f"{base}({given})"


def _shown(value: Any) -> str:
    if isinstance(value, TensorSpec):
        kind = str(value.dtype).removeprefix("torch.")
        short = {"float32": "f32", "float64": "f64", "float16": "f16", "bfloat16": "bf16", "int64": "i64"}
        layout = (f", order {list(value.order)}" if value.order else "") + (", with gaps" if value.gaps else "")
        return f"{short.get(kind, kind)}{list(value.shape)}{layout}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return "<object>" if isinstance(value, Given) else repr(value)
