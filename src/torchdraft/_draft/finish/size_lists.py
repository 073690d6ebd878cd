"""Sizes and strides that a program takes as lists, one by one: the saver has no word for an operator's list of ints.

`torch.func` transforms ask for `x.shape` below the tracer, and leave `aten.size.default` in the graph.
"""

from __future__ import annotations

import operator
from typing import Any

import torch

_aten = torch.ops.aten
_ONE_BY_ONE: dict[Any, Any] = {_aten.size.default: _aten.sym_size.int, _aten.stride.default: _aten.sym_stride.int}
_ALONE: dict[Any, Any] = {
    _aten.numel.default: _aten.sym_numel.default,
    _aten.storage_offset.default: _aten.sym_storage_offset.default,
}


def lower_size_lists(graph: torch.fx.Graph) -> bool:
    """Replaces the operators that give a whole list by one operator a dimension. True if it did."""
    changed = False
    for node in list(graph.nodes):
        if node.target in _ALONE:
            node.target = _ALONE[node.target]
        elif node.target in _ONE_BY_ONE and isinstance(node.meta.get("val"), (list, tuple)):
            sizes = _sizes(graph, node)
            for user in list(node.users):
                if user.target is operator.getitem:
                    _put(user, sizes[user.args[1]])
                    graph.erase_node(user)
            _put(node, sizes)
            graph.erase_node(node)
        else:
            continue
        changed = True
    return changed


def _sizes(graph: torch.fx.Graph, node: torch.fx.Node) -> list[Any]:
    """A number where the size is one in every call, and else a node."""
    sizes: list[Any] = []
    for dimension, value in enumerate(node.meta["val"]):
        if isinstance(value, torch.SymInt):
            with graph.inserting_before(node):
                size = graph.call_function(_ONE_BY_ONE[node.target], (node.args[0], dimension))
            size.meta.update(node.meta | {"val": value})
            sizes.append(size)
        else:
            sizes.append(value)
    return sizes


def _put(node: torch.fx.Node, instead: Any) -> None:
    """Lets every user of `node` have something that need not be one node."""

    def put(argument: torch.fx.Node) -> Any:
        return instead if argument is node else argument

    for user in list(node.users):
        user.args = torch.fx.node.map_arg(user.args, put)
        user.kwargs = torch.fx.node.map_arg(user.kwargs, put)
