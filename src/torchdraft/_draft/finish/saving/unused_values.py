"""Graph passes: operations without users that a file cannot hold."""

from __future__ import annotations

import torch

from torchdraft._torch.symbolic.fake import OpOverload

from ..passes.registry import Stage, graph_pass


@graph_pass(
    Stage.REWRITE,
    why="A second read of a known number (`float(n)` after `int(n)`) leaves an `item()` without value and "
    "users. A file stores it as a node that returns nothing, and cannot be loaded.",
    upstream="torch._export.serde.serialize.GraphModuleDeserializer.deserialize_outputs",
)
def drop_unused_reads(graph: torch.fx.Graph) -> bool:
    """Erases reads of numbers that have no value and no user."""
    changed = False
    for node in reversed(graph.nodes):
        if node.target == torch.ops.aten.item.default and not node.users and node.meta.get("val") is None:
            graph.erase_node(node)
            changed = True
    return changed


@graph_pass(
    Stage.REWRITE,
    why="The loader looks at the first output of an operator that returns a list, and fails where the list is empty "
    "(`unbind` of a tensor without rows).",
    upstream="torch._export.serde.serialize.GraphModuleDeserializer.deserialize_multiple_outputs",
)
def drop_empty_lists(graph: torch.fx.Graph) -> bool:
    """Erases pure operators without users that return an empty list."""
    changed = False
    for node in reversed(graph.nodes):
        if node.users or not isinstance(node.target, OpOverload) or node.target._schema.is_mutable:
            continue
        if isinstance(node.meta.get("val"), (list, tuple)) and not node.meta["val"] and node.target._schema.returns:
            graph.erase_node(node)
            changed = True
    return changed
