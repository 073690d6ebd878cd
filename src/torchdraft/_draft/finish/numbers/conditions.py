"""Writes the symbolic conditions of a graph as operations on tensors.

A program asserts conditions on symbolic numbers (`item() > 0.5`, `sym_size == 4`). Exporters drop, fold or refuse
these. The same conditions on tensors of one element are ordinary operations, which every consumer keeps.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch

from torchdraft._torch.graph.nodes import NUMBER_READS, copy_origin
from torchdraft._torch.symbolic.shapes import NUMBER_FUNCTIONS, pending_symbols_forgotten

_ATEN = torch.ops.aten
_DTYPES = {bool: torch.bool, int: torch.int64, float: torch.float64}
"""The dtype of each kind of number. Python computes in the same precision."""


ReadSize = Callable[["ConditionWriter", torch.fx.Node, int], torch.fx.Node]
"""Writes the size of a dimension as a tensor."""


def by_symbol(writer: ConditionWriter, tensor: torch.fx.Node, dim: int) -> torch.fx.Node:
    """The size as the trace knows it."""
    size = writer.call(_ATEN.sym_size.int, tensor, dim)
    return writer.call(_ATEN.scalar_tensor.default, size, dtype=torch.int64)


class NotWritable(Exception):
    """A condition contains an operation that has no counterpart on tensors here."""


class ConditionWriter:
    """Writes conditions into one graph, each before the node `before`."""

    def __init__(self, graph: torch.fx.Graph, fake_mode: Any, size: ReadSize = by_symbol) -> None:
        self.graph = graph
        self.fake_mode = fake_mode
        self.size = size
        self.before: torch.fx.Node | None = None
        self.origin: torch.fx.Node | None = None
        """The node whose place in the source new nodes have."""
        self._written: dict[Any, torch.fx.Node] = {}

    def call(self, target: Any, *args: Any, **kwargs: Any) -> torch.fx.Node:
        """A node that calls `target`, with the value that it has in the metadata."""
        assert self.before is not None
        with self.graph.inserting_before(self.before):
            node = self.graph.call_function(target, args, kwargs)
        given = torch.fx.node.map_arg((args, kwargs), lambda each: each.meta["val"])
        with self.fake_mode:
            node.meta["val"] = target(*given[0], **given[1])
        if self.origin is not None:
            copy_origin(node, self.origin)
        return node

    def constant(self, value: Any, dtype: torch.dtype | None = None) -> torch.fx.Node:
        """A tensor of one number, which is exact where a runtime takes the number as a float of 32 bits."""
        made = dtype or _DTYPES[type(value)]
        return self._float(float(value)) if made is torch.float64 else self._full(value, made)

    def _float(self, value: float) -> torch.fx.Node:
        if math.isfinite(value) and value and not 2.0**-60 < abs(value) < 2.0**60:
            value, exponent = math.frexp(value)
            tensor = self._float(value)
            while exponent:
                step = max(-100, min(100, exponent))
                tensor = self.call(_ATEN.mul.Tensor, tensor, self._full(2.0**step, torch.float64))
                exponent -= step
            return tensor
        first, *rest = _terms(value)
        tensor = self._full(first, torch.float64)
        for term in rest:
            tensor = self.call(_ATEN.add.Tensor, tensor, self._full(term, torch.float64))
        return tensor

    def _full(self, value: Any, dtype: torch.dtype) -> torch.fx.Node:
        return self.call(_ATEN.full.default, [], value, dtype=dtype, device=torch.device("cpu"), pin_memory=False)

    def assertion(self, condition: torch.fx.Node, message: str) -> None:
        """Asserts a tensor of one bool. Consumers that drop conditions on sizes keep one on data."""
        with pending_symbols_forgotten(self.fake_mode):
            read = self.call(_ATEN.item.default, self.cast(condition, torch.int64))
            self.call(_ATEN._assert_scalar.default, self.call(operator.eq, read, 1), message)

    def condition(self, node: torch.fx.Node) -> torch.fx.Node:
        """A symbolic bool, or a tensor of one element, as a tensor of one bool."""
        return self.cast(self.number(node), torch.bool)

    def number(self, value: Any) -> torch.fx.Node:
        """A symbolic number as a tensor of one element. Raises `NotWritable`."""
        if not isinstance(value, torch.fx.Node):
            if type(value) not in _DTYPES:
                raise NotWritable(f"{value!r}")
            return self.constant(value)
        if value not in self._written:
            self._written[value] = self._number(value)
        return self._written[value]

    def cast(self, node: torch.fx.Node, dtype: torch.dtype) -> torch.fx.Node:
        """The tensor in another dtype."""
        held = node.meta["val"]
        if held.dtype == dtype:
            return node
        if dtype is torch.bool:
            return self.call(_ATEN.ne.Scalar, node, 0)
        return self.call(_ATEN._to_copy.default, node, dtype=dtype)

    def _number(self, node: torch.fx.Node) -> torch.fx.Node:
        if isinstance(node.meta.get("val"), torch.Tensor):
            return self._element(node)
        if node.target in NUMBER_READS:
            return self._read(node)
        write = OPERATIONS.get(node.target) if node.op == "call_function" else None
        if write is not None:
            return write(self, *node.args)
        if _dtype_of(node) is torch.bool:
            raise NotWritable(str(node.target))
        return self.call(_ATEN.scalar_tensor.default, node, dtype=_dtype_of(node))

    def _read(self, node: torch.fx.Node) -> torch.fx.Node:
        """The tensor that a number is read from, copied at the read: a later operation may write to it."""
        (tensor,) = node.args
        assert isinstance(tensor, torch.fx.Node)
        before, self.before = self.before, node
        try:
            return self.cast(self.call(_ATEN.clone.default, self._element(tensor)), _dtype_of(node))
        finally:
            self.before = before

    def _element(self, tensor: torch.fx.Node) -> torch.fx.Node:
        held = tensor.meta["val"]
        if held.device.type != "cpu":
            tensor = self.call(_ATEN._to_copy.default, tensor, device=torch.device("cpu"))
        return self.call(_ATEN.reshape.default, tensor, []) if held.dim() else tensor


def _terms(value: float) -> list[float]:
    """Numbers that a float of 32 bits holds exactly, and whose sum is `value`."""
    terms = [torch.tensor(value, dtype=torch.float32).item()]
    while math.isfinite(value) and (rest := value - math.fsum(terms)):
        terms.append(torch.tensor(rest, dtype=torch.float32).item())
    return terms


def _dtype_of(node: torch.fx.Node) -> torch.dtype:
    """The dtype of a symbolic number."""
    held = node.meta.get("val")
    if isinstance(held, (bool, torch.SymBool)):
        return torch.bool
    return torch.float64 if isinstance(held, (float, torch.SymFloat)) else torch.int64


def _size(writer: ConditionWriter, tensor: Any, dim: int) -> torch.fx.Node:
    return writer.size(writer, tensor, dim)


def _stride(writer: ConditionWriter, tensor: Any, dim: int) -> torch.fx.Node:
    """The stride of a contiguous tensor: other runtimes have no others."""
    number = writer.number(1)
    for later in range(dim + 1, tensor.meta["val"].dim()):
        number = writer.call(_ATEN.mul.Tensor, number, writer.size(writer, tensor, later))
    return number


def _offset(writer: ConditionWriter, _tensor: Any) -> torch.fx.Node:
    """The offset of an input: other runtimes have no others."""
    return writer.number(0)


Write = Callable[..., torch.fx.Node]


def _promoted(write: ConditionWriter, values: tuple[Any, ...], at_least: torch.dtype) -> list[torch.fx.Node]:
    """The numbers as tensors of one dtype."""
    tensors = [write.number(value) for value in values]
    dtype = at_least
    for tensor in tensors:
        dtype = torch.promote_types(dtype, tensor.meta["val"].dtype)
    return [write.cast(tensor, dtype) for tensor in tensors]


def _operation(
    target: Any, at_least: torch.dtype = torch.int64, to: torch.dtype | None = None, **options: Any
) -> Write:
    """An operation on numbers, computed in `at_least` this dtype; the result in `to`."""

    def write(writer: ConditionWriter, *values: Any) -> torch.fx.Node:
        result = writer.call(target, *_promoted(writer, values, at_least), **options)
        return result if to is None else writer.cast(result, to)

    return write


def _choice(writer: ConditionWriter, condition: Any, one: Any, other: Any) -> torch.fx.Node:
    return writer.call(_ATEN.where.self, writer.condition(condition), *_promoted(writer, (one, other), torch.int64))


def _sum(writer: ConditionWriter, numbers: Any) -> torch.fx.Node:
    first, *rest = _promoted(writer, tuple(numbers), torch.int64)
    for number in rest:
        first = writer.call(_ATEN.add.Tensor, first, number)
    return first


def _truncated(writer: ConditionWriter, value: Any) -> torch.fx.Node:
    """`int(…)` of a number: a tensor of floats is truncated by the conversion."""
    return writer.cast(writer.number(value), torch.int64)


def _as_float(writer: ConditionWriter, value: Any) -> torch.fx.Node:
    return writer.cast(writer.number(value), torch.float64)


def _modulo(writer: ConditionWriter, left: Any, right: Any) -> torch.fx.Node:
    """The remainder with the sign of the divisor. ExecuTorch's `remainder` of integers has that of the dividend."""
    one, two = _promoted(writer, (left, right), torch.int64)
    if one.meta["val"].dtype.is_floating_point:
        return writer.call(_ATEN.remainder.Tensor, one, two)
    quotient = writer.call(_ATEN.div.Tensor_mode, one, two, rounding_mode="floor")
    return writer.call(_ATEN.sub.Tensor, one, writer.call(_ATEN.mul.Tensor, quotient, two))


_rounding = {"at_least": torch.float64, "to": torch.int64}

OPERATIONS: Mapping[Any, Write] = {
    _ATEN.sym_size.int: _size,
    _ATEN.sym_stride.int: _stride,
    _ATEN.sym_storage_offset.default: _offset,
    operator.add: _operation(_ATEN.add.Tensor),
    operator.sub: _operation(_ATEN.sub.Tensor),
    operator.mul: _operation(_ATEN.mul.Tensor),
    operator.truediv: _operation(_ATEN.div.Tensor, torch.float64),
    operator.floordiv: _operation(_ATEN.div.Tensor_mode, rounding_mode="floor"),
    operator.mod: _modulo,
    operator.pow: _operation(_ATEN.pow.Tensor_Tensor),
    operator.neg: _operation(_ATEN.neg.default),
    operator.abs: _operation(_ATEN.abs.default),
    operator.eq: _operation(_ATEN.eq.Tensor),
    operator.ne: _operation(_ATEN.ne.Tensor),
    operator.lt: _operation(_ATEN.lt.Tensor),
    operator.le: _operation(_ATEN.le.Tensor),
    operator.gt: _operation(_ATEN.gt.Tensor),
    operator.ge: _operation(_ATEN.ge.Tensor),
    operator.and_: _operation(_ATEN.logical_and.default, torch.bool),
    operator.or_: _operation(_ATEN.logical_or.default, torch.bool),
    torch.sym_not: _operation(_ATEN.logical_not.default, torch.bool),
    torch.sym_max: _operation(_ATEN.maximum.default),
    torch.sym_min: _operation(_ATEN.minimum.default),
    torch.sym_ite: _choice,
    torch.sym_sum: _sum,
    torch.sym_float: _as_float,
    torch.sym_int: _truncated,
    math.trunc: _truncated,
    math.floor: _operation(_ATEN.floor.default, **_rounding),
    math.ceil: _operation(_ATEN.ceil.default, **_rounding),
    round: _operation(_ATEN.round.default, **_rounding),
    **{
        function: _operation(getattr(_ATEN, name).default, torch.float64)
        for name, function in NUMBER_FUNCTIONS.items()
        if hasattr(_ATEN, name)
    },
}
"""Operation on symbolic numbers → how it is written on tensors."""
