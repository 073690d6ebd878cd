"""Erases what computes a number that nothing uses."""

from __future__ import annotations

import torch

from torchdraft._torch.graph.nodes import NUMBER_READS
from torchdraft._torch.symbolic.fake import OpOverload

SIZES = (torch.ops.aten.sym_size.int, torch.ops.aten.sym_stride.int)
"""Reads of the sizes and strides of a tensor."""


def erase_unused_numbers(graph: torch.fx.Graph, condition: torch.fx.Node) -> None:
    """Erases what computed the number, as far as nothing else uses it."""
    waiting = [condition]
    while waiting:
        node = waiting.pop()
        if not node.users and _is_number(node):
            waiting += node.all_input_nodes
            graph.erase_node(node)


def _is_number(node: torch.fx.Node) -> bool:
    """Whether a node computes a number of numbers, or reads one."""
    computes = not isinstance(node.target, OpOverload) or node.target in (*NUMBER_READS, *SIZES)
    return node.op == "call_function" and computes and not isinstance(node.meta.get("val"), torch.Tensor)
