"""Sizes as nodes of a finished graph: expressions of symbols, computed from the nodes that have them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from ..probe import need
from ..symbolic.fake import FakeTensor
from .nodes import copy_origin

_interpreted: Any = need("torch.utils._sympy.interp:sympy_interp")
_Analysis: Any = need("torch.utils._sympy.reference:PythonReferenceAnalysis")


def raw_expression(number: Any) -> Any:
    """The expression of a symbolic number as it was created, without what was concluded about its symbols since."""
    return number.node._expr if isinstance(number, (torch.SymInt, torch.SymFloat, torch.SymBool)) else number


class SizeNodes:
    """Where the symbols of a graph come from, up to the node that was noted last."""

    def __init__(self) -> None:
        self._places: dict[Any, tuple[torch.fx.Node, int | None]] = {}

    def note(self, node: torch.fx.Node) -> None:
        """Adds the symbols of a node's value: a number, or the sizes of a tensor."""
        value = node.meta.get("val")
        if isinstance(value, torch.SymInt):
            self._add(value, node, None)
        elif isinstance(value, torch.Tensor) and value.layout is torch.strided:
            for dim, size in enumerate(value.shape):
                self._add(size, node, dim)

    def _add(self, number: Any, node: torch.fx.Node, dim: int | None) -> None:
        symbol = raw_expression(number)
        if getattr(symbol, "is_Symbol", False):
            self._places.setdefault(symbol, (node, dim))

    def number(self, number: Any, before: torch.fx.Node) -> Any:
        """A node that computes `number` before `before`, or the number itself where it is plain.

        None where a symbol of it is known to no node so far.
        """
        expr = raw_expression(number)
        if isinstance(expr, int):
            return expr
        if expr.is_Integer:
            return int(expr)
        symbols = sorted(expr.free_symbols, key=str)
        if any(symbol not in self._places for symbol in symbols):
            return None
        graph = before.graph
        tracer = torch.fx.proxy.GraphAppendingTracer(graph)
        last = before.prev
        with graph.inserting_before(before):
            known = {s: torch.fx.Proxy(self._node(graph, s), tracer) for s in symbols}
            made: torch.fx.Node = known[expr].node if expr in known else _interpreted(_Analysis, known, expr).node
        _describe(last, before)
        return made

    def _node(self, graph: torch.fx.Graph, symbol: Any) -> torch.fx.Node:
        node, dim = self._places[symbol]
        return node if dim is None else graph.call_function(torch.ops.aten.sym_size.int, (node, dim))


def _describe(last: torch.fx.Node, before: torch.fx.Node) -> None:
    """Gives the nodes between two others their values, and the place in the source of the second."""
    node = last.next
    while node is not before:
        args, kwargs = torch.fx.map_arg((node.args, node.kwargs), lambda each: each.meta["val"])
        copy_origin(node, before)
        node.meta["val"] = node.target(*args, **kwargs)
        node = node.next


def fake_mode_of(graph: torch.fx.Graph) -> Any:
    """The fake mode of the values of a graph."""
    values = (node.meta.get("val") for node in graph.nodes)
    return next(value.fake_mode for value in values if isinstance(value, FakeTensor))


def rebound(bindings: dict[Any, tuple[Any, ...]], places: Iterable[tuple[tuple[int, ...], int]]) -> dict[Any, Any]:
    """`unbacked_bindings` of a node whose results became the elements of a list: position in the old → in the new."""
    moved = dict(places)
    found = {}
    for symbol, path in bindings.items():
        indices = tuple(key.idx for key in path if isinstance(key, _SequenceKey))
        prefix = next((p for p in moved if indices[: len(p)] == p and _leads(path, len(p))), None)
        if prefix is not None:
            found[symbol] = (_SequenceKey(moved[prefix]), *path[len(prefix) :])
    return found


def _leads(path: tuple[Any, ...], count: int) -> bool:
    """Whether the first `count` steps of a path are positions in sequences, and the next one is none."""
    return all(isinstance(key, _SequenceKey) for key in path[:count]) and not isinstance(
        path[count] if count < len(path) else None, _SequenceKey
    )


_SequenceKey: Any = need("torch.utils._pytree:SequenceKey")
