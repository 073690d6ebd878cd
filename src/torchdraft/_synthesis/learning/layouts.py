"""Rules for the strides of an output that has memory of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import torch

from torchdraft._synthesis.experiments.calls import Call, TensorSpec
from torchdraft._synthesis.experiments.observed import TensorOut, contiguous_strides
from torchdraft._synthesis.experiments.operator import Operator

from .shapes import tensor_arguments


@dataclass(frozen=True, slots=True)
class LayoutRule:
    """Strides, as a function of the call and the shape."""

    kind: str
    """`contiguous`; `like`: those of `empty_like`; `elementwise`: those of a sum; `order`: always in one order;
    `reversed`: always in the opposite order; `channels_last`: where the argument is."""
    arguments: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    only_contiguous: bool = False
    """Whether it was only right for contiguous arguments."""

    def predict(self, operator: Operator, call: Call, shape: Sequence[int]) -> tuple[int, ...] | None:
        """The strides for a call; None where the rule has none."""
        if self.kind == "contiguous":
            return contiguous_strides(shape)
        if self.kind == "reversed":
            return _ordered(shape, tuple(reversed(range(len(shape)))))
        if self.kind == "order":
            return _ordered(shape, self.order) if len(shape) == len(self.order) else None
        given = [stand_in(operator, call, name) for name in self.arguments]
        if self.kind == "channels_last":
            return _channels_last(given[0], shape)
        try:
            like = given[0] if self.kind == "like" else _sum(given)
        except RuntimeError:
            return None
        return tuple(torch.empty_like(like).stride()) if tuple(like.shape) == tuple(shape) else None


def _sum(given: Sequence[torch.Tensor]) -> torch.Tensor:
    total = given[0]
    for other in given[1:]:
        total = total + other
    return total


def stand_in(operator: Operator, call: Call, name: str) -> torch.Tensor:
    """A meta tensor like an argument."""
    base, _, element = name.partition("[")
    spec = call.values[operator.parameters.index(base)]
    spec = spec[0] if element else spec
    assert isinstance(spec, TensorSpec)
    strides = _ordered(spec.shape, spec.order or tuple(range(len(spec.shape))), 2 if spec.gaps else 1)
    return torch.empty_strided(spec.shape, strides, dtype=torch.float32, device="meta")


def _ordered(shape: Sequence[int], order: Sequence[int], step: int = 1) -> tuple[int, ...]:
    strides = [0] * len(shape)
    for dim in reversed(order):
        strides[dim] = step
        step *= max(shape[dim], 1)
    return tuple(strides)


def _channels_last(given: torch.Tensor, shape: Sequence[int]) -> tuple[int, ...] | None:
    if len(shape) != 4 or given.dim() != 4:
        return contiguous_strides(shape)
    last = given.is_contiguous(memory_format=torch.channels_last) and not given.is_contiguous()
    return _ordered(shape, (0, 2, 3, 1)) if last else contiguous_strides(shape)


def same_strides(left: Sequence[int] | None, right: Sequence[int], shape: Sequence[int]) -> bool:
    """Whether strides address the same elements: those of dimensions of size 1 have no effect."""
    if left is None:
        return False
    return 0 in shape or all(s == 1 or a == b for a, b, s in zip(left, right, shape, strict=True))


def fit_layout(operator: Operator, calls: Sequence[Call], outputs: Sequence[TensorOut]) -> LayoutRule | None:
    """The first rule that describes all strides; else one that does for contiguous arguments; else None."""
    rules = list(_candidates(operator, calls, outputs))
    for rule in rules:
        if _holds(rule, operator, calls, outputs):
            return rule
    kept = [i for i, call in enumerate(calls) if not any(t.order or t.gaps for t in call.tensors())]
    for rule in rules:
        if kept and _holds(rule, operator, [calls[i] for i in kept], [outputs[i] for i in kept]):
            return LayoutRule(rule.kind, rule.arguments, rule.order, only_contiguous=True)
    return None


def _holds(rule: LayoutRule, operator: Operator, calls: Sequence[Call], outputs: Sequence[TensorOut]) -> bool:
    return all(
        same_strides(rule.predict(operator, call, out.shape), out.strides, out.shape)
        for call, out in zip(calls, outputs, strict=True)
    )


def _candidates(operator: Operator, calls: Sequence[Call], outputs: Sequence[TensorOut]) -> Iterator[LayoutRule]:
    yield LayoutRule("contiguous")
    names = tensor_arguments(operator, calls)
    yield from (LayoutRule("like", (name,)) for name in names)
    yield from (LayoutRule("elementwise", pair) for pair in combinations(names, 2))
    if len(names) > 2:
        yield LayoutRule("elementwise", tuple(names))
    yield from (LayoutRule("channels_last", (name,)) for name in names)
    yield LayoutRule("reversed")
    ranks = {len(out.shape) for out in outputs}
    if len(ranks) == 1 and max(ranks) <= 5:
        yield from (LayoutRule("order", order=order) for order in permutations(range(max(ranks))))
