"""Rules for outputs, and for the whole result of an operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torchdraft._synthesis.experiments.calls import Call
from torchdraft._synthesis.experiments.observed import ListOut, TensorOut
from torchdraft._synthesis.experiments.operator import Operator

from .dtypes import DtypeRule
from .expressions import Expr
from .layouts import LayoutRule, same_strides
from .shapes import ShapeRule, matches
from .terms import terms


@dataclass(frozen=True, slots=True)
class TensorRule:
    """A tensor."""

    shape: ShapeRule
    dtype: DtypeRule
    layout: LayoutRule
    device: str
    """The argument whose device it has, or `device=…`."""
    unknown: tuple[int, ...] = ()
    """Which fresh sizes stand for a relation that was not found, and not for a decision by the data."""

    def agrees(self, operator: Operator, call: Call, out: Any) -> bool:
        """Whether the rule describes an observed output."""
        if not isinstance(out, TensorOut) or out.shares or out.layout != "torch.strided":
            return False
        if not matches(self.shape.predict(operator, call), out.shape):
            return False
        if self.dtype.predict(operator, call) != out.dtype:
            return False
        if self.layout.only_contiguous and any(t.order or t.gaps for t in call.tensors()):
            return True  # the kernel raises
        return same_strides(self.layout.predict(operator, call, out.shape), out.strides, out.shape)


@dataclass(frozen=True, slots=True)
class ViewRule:
    """A view of an argument, or the argument itself: `strides` is None there."""

    argument: str
    position: int
    """The position of the argument among the tensors of a call."""
    shape: ShapeRule | None = None
    strides: tuple[Expr, ...] = ()
    offset: Expr | None = None

    def agrees(self, operator: Operator, call: Call, out: Any) -> bool:
        """Whether the rule describes an observed output."""
        if not isinstance(out, TensorOut) or self.position not in out.shares:
            return False
        if self.shape is None:
            return out.same
        return matches(self.shape.predict(operator, call), out.shape)


@dataclass(frozen=True, slots=True)
class NumberRule:
    """A number, None, or text: a constant, an expression, or a number that the data decides (`expr` is None)."""

    constant: Any = None
    expr: Expr | None = None
    fresh: str = ""
    """`int` for an integer that the data decides."""

    def agrees(self, operator: Operator, call: Call, out: Any) -> bool:
        """Whether the rule describes an observed output."""
        if self.fresh:
            return type(out).__name__ == self.fresh
        if self.expr is not None:
            return type(out) is int and int(self.expr.value(terms(operator, call))) == out
        return type(out) is type(self.constant) and out == self.constant


@dataclass(frozen=True, slots=True)
class ListRule:
    """A list of tensors: one rule for each, or one for all with the number of them, or one for each of a list."""

    items: tuple[Any, ...]
    count: Expr | None = None
    each_of: str = ""
    """The list argument whose tensors the items correspond to; the rule is that of the first."""

    def agrees(self, operator: Operator, call: Call, out: Any) -> bool:
        """Whether the rule describes an observed output."""
        if not isinstance(out, ListOut):
            return False
        if self.each_of:
            position = operator.parameters.index(self.each_of)
            given = call.values[position]
            if len(given) != len(out.items):
                return False
            return all(
                self.items[0].agrees(operator, _first(call, position, element), item)
                for element, item in zip(given, out.items, strict=True)
            )
        if self.count is not None and int(self.count.value(terms(operator, call))) != len(out.items):
            return False
        rules = self.items if self.count is None else self.items * len(out.items)
        return len(rules) == len(out.items) and all(
            rule.agrees(operator, call, item) for rule, item in zip(rules, out.items, strict=True)
        )


def _first(call: Call, position: int, element: Any) -> Call:
    """The call with a list that begins with one of its elements."""
    values = list(call.values)
    values[position] = (element, *values[position])
    return Call(tuple(values), call.data, call.seed)


OutputRule = TensorRule | ViewRule | NumberRule | ListRule


@dataclass(frozen=True, slots=True)
class Result:
    """What an operator returns."""

    outputs: tuple[OutputRule, ...]
    single: bool

    def agrees(self, operator: Operator, call: Call, outputs: tuple[Any, ...], single: bool) -> bool:
        """Whether the rules describe what was observed."""
        return (
            len(outputs) == len(self.outputs)
            and single == self.single
            and all(rule.agrees(operator, call, out) for rule, out in zip(self.outputs, outputs, strict=True))
        )

    def tensors(self) -> list[TensorRule]:
        """The rules of all tensors, those in lists included."""
        items = (item for rule in self.outputs for item in (rule.items if isinstance(rule, ListRule) else (rule,)))
        return [item for item in items if isinstance(item, TensorRule)]

    @property
    def data_dependent(self) -> bool:
        """Whether a size or number is left to the data."""
        numbers = any(isinstance(rule, NumberRule) and rule.fresh for rule in self.outputs)
        return numbers or any(rule.shape.fresh for rule in self.tensors())

    @property
    def exact(self) -> bool:
        """Whether no relation between sizes is missing: what is left open is decided by the data."""
        return not any(rule.unknown for rule in self.tensors())
