"""Graph pass: operators that return all sizes or strides of a tensor as a list.

`torch.func` transforms read `x.shape` below the tracer, which leaves `aten.size.default` in the graph.
"""

from __future__ import annotations

import operator
from typing import Any

import torch

from ..passes.registry import Stage, graph_pass
from ..passes.replace_node import replace_by_value

_aten = torch.ops.aten
_PER_DIMENSION: dict[Any, Any] = {_aten.size.default: _aten.sym_size.int, _aten.stride.default: _aten.sym_stride.int}
_SINGLE: dict[Any, Any] = {
    _aten.numel.default: _aten.sym_numel.default,
    _aten.storage_offset.default: _aten.sym_storage_offset.default,
}


@graph_pass(
    Stage.REWRITE,
    why="The serializer cannot store an operator that returns a list of ints.",
    upstream="torch._export.serde.serialize.GraphModuleSerializer.serialize_outputs",
)
def lower_size_lists(graph: torch.fx.Graph) -> bool:
    """Replaces an operator that returns a list by one operator for each dimension."""
    changed = False
    for node in list(graph.nodes):
        if node.target in _SINGLE:
            node.target = _SINGLE[node.target]
        elif node.target in _PER_DIMENSION and isinstance(node.meta.get("val"), (list, tuple)):
            sizes = _sizes(graph, node)
            for user in list(node.users):
                if user.target is operator.getitem:
                    replace_by_value(user, sizes[user.args[1]])
                    graph.erase_node(user)
            replace_by_value(node, sizes)
            graph.erase_node(node)
        else:
            continue
        changed = True
    return changed


def _sizes(graph: torch.fx.Graph, node: torch.fx.Node) -> list[Any]:
    """The elements of the list: a number where it is static, and a new node where it is symbolic."""
    sizes: list[Any] = []
    for dimension, value in enumerate(node.meta["val"]):
        if isinstance(value, torch.SymInt):
            with graph.inserting_before(node):
                size = graph.call_function(_PER_DIMENSION[node.target], (node.args[0], dimension))
            size.meta.update(node.meta | {"val": value})
            sizes.append(size)
        else:
            sizes.append(value)
    return sizes
