"""The nodes that compute a number of numbers: which these are, and erasing those that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from torchdraft._torch.graph.nodes import NUMBER_READS
from torchdraft._torch.symbolic.fake import OpOverload

SIZES = (torch.ops.aten.sym_size.int, torch.ops.aten.sym_stride.int)
"""Reads of the sizes and strides of a tensor."""


def numbers_of(*nodes: torch.fx.Node) -> Iterator[torch.fx.Node]:
    """The numbers that are computed of numbers to give these, with these, down to those that tensors are read for.
    Reads of sizes are left out.
    """
    waiting, seen = [*nodes], set[torch.fx.Node]()
    while waiting:
        node = waiting.pop()
        if node not in seen and not isinstance(node.meta.get("val"), torch.Tensor) and node.target not in SIZES:
            seen.add(node)
            waiting += node.all_input_nodes
            yield node


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
