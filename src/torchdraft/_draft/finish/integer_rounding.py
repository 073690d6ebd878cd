"""Numbers in a program, in words that a saved program can hold: of the roundings only `math.trunc` is one, and `abs`
and `sym_sum` are none.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch


def lower_roundings(graph: torch.fx.Graph) -> bool:
    """Writes `ceil`, `floor`, `round` and `abs` of a number read from a tensor by `trunc`, `sym_max` and comparisons.
    True if it did.
    """
    changed = False
    for node in list(graph.nodes):
        spelled = _SPELLINGS.get(node.target) if node.op == "call_function" else None
        if spelled is None or not isinstance(node.args[0], torch.fx.Node) or any(a is not None for a in node.args[1:]):
            continue
        number = _asserted(node)
        if number is None:
            with graph.inserting_before(node):
                node.replace_all_uses_with(spelled(_Words(graph, node), node.args[0]))
        else:
            _put(number, node)
        graph.erase_node(node)
        changed = True
    return changed


def lower_symbolic_sums(graph: torch.fx.Graph) -> bool:
    """Writes `torch.sym_sum` of several numbers as additions. True if there was one."""
    changed = False
    for node in list(graph.nodes):
        if node.target is torch.sym_sum:
            given = node.args[0] if isinstance(node.args[0], (list, tuple)) else node.args
            with graph.inserting_before(node):
                words = _Words(graph, node)
                node.replace_all_uses_with(reduce(lambda left, right: words(operator.add, left, right), given))
            graph.erase_node(node)
            changed = True
    return changed


def _asserted(node: torch.fx.Node) -> int | None:
    """The number a rounding was fixed to, where the program asserts it: sizes have to be plain for a saved program."""
    value = node.meta.get("val")
    if not isinstance(value, torch.SymInt) or any(user.op == "output" for user in node.users):
        return None
    event = getattr(value.node.shape_env, "resolved", {}).get(value.node.expr)
    return None if event is None else int(event.value)


def _put(number: int, node: torch.fx.Node) -> None:
    """Writes a number in place of a node."""

    def replaced(argument: torch.fx.Node) -> Any:
        return number if argument is node else argument

    for user in list(node.users):
        user.args = torch.fx.node.map_arg(user.args, replaced)
        user.kwargs = torch.fx.node.map_arg(user.kwargs, replaced)


class _Words:
    """Writes one node after the other, each with its value."""

    def __init__(self, graph: torch.fx.Graph, where: torch.fx.Node) -> None:
        self.graph = graph
        self.where = where

    def __call__(self, function: Callable[..., Any], *args: Any) -> torch.fx.Node:
        made = self.graph.call_function(function, args)
        made.meta.update({k: v for k, v in self.where.meta.items() if k != "val"})
        made.meta["val"] = function(*[a.meta["val"] if isinstance(a, torch.fx.Node) else a for a in args])
        return made

    def one_if(self, condition: torch.fx.Node) -> torch.fx.Node:
        return self(torch.sym_ite, condition, 1, 0)


def _ceil(words: _Words, number: torch.fx.Node) -> torch.fx.Node:
    whole = words(math.trunc, number)
    return words(operator.add, whole, words.one_if(words(operator.gt, number, whole)))


def _floor(words: _Words, number: torch.fx.Node) -> torch.fx.Node:
    whole = words(math.trunc, number)
    return words(operator.sub, whole, words.one_if(words(operator.lt, number, whole)))


def _round(words: _Words, number: torch.fx.Node) -> torch.fx.Node:
    """Halves go to the even number. No condition is about what another one chose: upstream can't trace that again."""
    whole = words(math.trunc, number)
    rest = words(operator.sub, number, whole)
    up = words.one_if(words(operator.gt, rest, 0.5))
    down = words.one_if(words(operator.lt, rest, -0.5))
    halved = words(math.trunc, words(operator.truediv, whole, 2))
    odd = words(operator.sub, whole, words(operator.mul, halved, 2))  # 1, 0 or -1, on the side that the half is on
    half = words.one_if(words(operator.eq, words(torch.sym_max, rest, words(operator.neg, rest)), 0.5))
    further = words(operator.add, words(operator.sub, up, down), words(operator.mul, odd, half))
    return words(operator.add, whole, further)


def _abs(words: _Words, number: torch.fx.Node) -> torch.fx.Node:
    return words(torch.sym_max, number, words(operator.neg, number))


_SPELLINGS: dict[Any, Callable[[_Words, torch.fx.Node], torch.fx.Node]] = {
    operator.abs: _abs,
    math.ceil: _ceil,
    math.floor: _floor,
    round: _round,
}
