"""Graph pass: `item()` of a one-element tensor that has dimensions."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.graph.nodes import copy_origin

from ..passes.registry import Stage, graph_pass


@graph_pass(
    Stage.REWRITE,
    why="`run_decompositions` with a table that keeps most operators fails where a number is read from a tensor that "
    'has dimensions, all of size 1: "Cannot cast FakeTensor to number".',
    upstream="torch._subclasses.fake_impls.local_scalar_dense",
)
def select_before_item(graph: torch.fx.Graph) -> bool:
    """Selects the one element of the tensor before the number is read."""
    changed = False
    for node in graph.nodes:
        tensor: Any = node.args[0] if node.target is torch.ops.aten.item.default else None
        value = tensor.meta.get("val") if isinstance(tensor, torch.fx.Node) else None
        if not isinstance(value, torch.Tensor) or value.dim() == 0:
            continue
        with graph.inserting_before(node), value.fake_mode:
            for _ in range(value.dim()):
                tensor = graph.call_function(torch.ops.aten.select.int, (tensor, 0, 0))
                value = torch.ops.aten.select.int(value, 0, 0)
                tensor.meta["val"] = value
                copy_origin(tensor, node)
        node.args = (tensor,)
        changed = True
    return changed
