"""Graph passes: arithmetic of numbers in operators that a file can store. Of the roundings that is `math.trunc` alone;
`abs` and `torch.sym_sum` cannot be stored either.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import torch

from ..passes.registry import Stage, graph_pass
from ..passes.replace_node import replace_by_value


@graph_pass(
    Stage.REWRITE,
    why="The serializer has no `ceil`, `floor`, `round` and `abs` of a symbolic number.",
    upstream="torch._export.serde.serialize._SYM_OPS",
)
def lower_roundings(graph: torch.fx.Graph, resolved: Mapping[Any, Any]) -> bool:
    """Expresses `ceil`, `floor`, `round` and `abs` of a number by `trunc`, `sym_max` and comparisons.

    A rounding that the trace resolved, and the program therefore asserts, is replaced by its number: a saved program
    must have plain sizes there.
    """
    changed = False
    for node in list(graph.nodes):
        lowering = _LOWERINGS.get(node.target) if node.op == "call_function" else None
        if lowering is None or not isinstance(node.args[0], torch.fx.Node):
            continue
        if any(argument is not None for argument in node.args[1:]):
            changed |= _lower_decimal(graph, node)
            continue
        number = _resolved_number(node, resolved)
        if number is None:
            with graph.inserting_before(node):
                node.replace_all_uses_with(lowering(_Emit(graph, node), node.args[0]))
        else:
            replace_by_value(node, number)
        graph.erase_node(node)
        changed = True
    return changed


def _lower_decimal(graph: torch.fx.Graph, node: torch.fx.Node) -> bool:
    """Expresses `round(number, 2)`, of a float."""
    number, digits = node.args
    is_float = isinstance(number, torch.fx.Node) and isinstance(number.meta.get("val"), torch.SymFloat)
    if not is_float or not isinstance(digits, int) or not 0 < digits <= MOST_DIGITS:
        return False
    with graph.inserting_before(node):
        node.replace_all_uses_with(_round_to_digits(_Emit(graph, node), number, digits))
    graph.erase_node(node)
    return True


@graph_pass(
    Stage.REWRITE,
    why="The serializer has no `torch.sym_sum`.",
    upstream="torch._export.serde.serialize._SYM_OPS",
)
def lower_symbolic_sums(graph: torch.fx.Graph) -> bool:
    """Expresses `torch.sym_sum` of several numbers by additions."""
    changed = False
    for node in list(graph.nodes):
        if node.target is torch.sym_sum:
            terms = node.args[0] if isinstance(node.args[0], (list, tuple)) else node.args
            with graph.inserting_before(node):
                emit = _Emit(graph, node)
                node.replace_all_uses_with(reduce(lambda left, right: emit(operator.add, left, right), terms))
            graph.erase_node(node)
            changed = True
    return changed


def _resolved_number(node: torch.fx.Node, resolved: Mapping[Any, Any]) -> int | None:
    """The number that a rounding was resolved to; None where it was not, or where the program returns it."""
    value = node.meta.get("val")
    if not isinstance(value, torch.SymInt) or any(user.op == "output" for user in node.users):
        return None
    number = resolved.get(value.node.expr)
    return None if number is None else int(number)


class _Emit:
    """Appends calls to a graph in the place of one node: `emit(function, *args)` returns the new node."""

    def __init__(self, graph: torch.fx.Graph, replaced: torch.fx.Node) -> None:
        self.graph = graph
        self.replaced = replaced

    def __call__(self, function: Callable[..., Any], *args: Any) -> torch.fx.Node:
        node = self.graph.call_function(function, args)
        node.meta.update({key: entry for key, entry in self.replaced.meta.items() if key != "val"})
        node.meta["val"] = function(*[a.meta["val"] if isinstance(a, torch.fx.Node) else a for a in args])
        return node

    def one_if(self, condition: torch.fx.Node) -> torch.fx.Node:
        return self(torch.sym_ite, condition, 1, 0)


def _ceil(emit: _Emit, number: torch.fx.Node) -> torch.fx.Node:
    whole = emit(math.trunc, number)
    return emit(operator.add, whole, emit.one_if(emit(operator.gt, number, whole)))


def _floor(emit: _Emit, number: torch.fx.Node) -> torch.fx.Node:
    whole = emit(math.trunc, number)
    return emit(operator.sub, whole, emit.one_if(emit(operator.lt, number, whole)))


def _round(emit: _Emit, number: torch.fx.Node) -> torch.fx.Node:
    """Halves go to the even number. No condition depends on another one's result: torch cannot trace that again."""
    whole = emit(math.trunc, number)
    rest = emit(operator.sub, number, whole)
    up = emit.one_if(emit(operator.gt, rest, 0.5))
    down = emit.one_if(emit(operator.lt, rest, -0.5))
    halved = emit(math.trunc, emit(operator.truediv, whole, 2))
    odd = emit(operator.sub, whole, emit(operator.mul, halved, 2))  # 1, 0 or -1, with the sign of the half
    half = emit.one_if(emit(operator.eq, emit(torch.sym_max, rest, emit(operator.neg, rest)), 0.5))
    further = emit(operator.add, emit(operator.sub, up, down), emit(operator.mul, odd, half))
    return emit(operator.add, whole, further)


def _round_to_digits(emit: _Emit, number: torch.fx.Node, digits: int) -> torch.fx.Node:
    """`round(number, digits)`. Python rounds the exact value, so the product with the power of ten must not be rounded
    first: it is computed in integers, from the bits before and after the 40th binary place.
    """
    power, unit = 10**digits, 2**40
    shifted = emit(operator.mul, number, float(unit))
    bits = emit(math.trunc, shifted)
    rest = emit(operator.sub, shifted, bits)
    product = emit(operator.mul, bits, power)
    whole = emit(operator.floordiv, product, unit)
    middle = emit(operator.mul, emit(operator.add, emit(operator.mul, whole, 2), 1), unit)
    distance = emit(operator.sub, emit(operator.mul, product, 2), middle)
    side = emit(operator.add, distance, emit(operator.mul, rest, float(2 * power)))
    up = emit.one_if(emit(operator.gt, side, 0.0))
    to_even = emit(operator.mul, emit(operator.mod, whole, 2), emit.one_if(emit(operator.eq, side, 0.0)))
    return emit(operator.truediv, emit(operator.add, emit(operator.add, whole, up), to_even), power)


MOST_DIGITS = 7
"""Digits for which the float arithmetic above is exact: the power of ten has at most 24 bits."""


def _abs(emit: _Emit, number: torch.fx.Node) -> torch.fx.Node:
    return emit(torch.sym_max, number, emit(operator.neg, number))


_LOWERINGS: dict[Any, Callable[[_Emit, torch.fx.Node], torch.fx.Node]] = {
    operator.abs: _abs,
    math.ceil: _ceil,
    math.floor: _floor,
    round: _round,
}
