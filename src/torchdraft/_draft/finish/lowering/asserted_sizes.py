"""Graph pass: restricts a tensor to a data-dependent size that the program asserts to be one number."""

from __future__ import annotations

import operator
from typing import Any

import sympy
import torch

from torchdraft._torch.symbolic.shapes import is_unbacked

from ..passes.registry import Stage, graph_pass

_Asserted = dict[sympy.Expr, tuple[torch.fx.Node, int]]
"""Expression of a size → the node that asserts it, and the number."""


@graph_pass(
    Stage.REWRITE,
    why="A later trace (decomposition, compilation, another export) takes an unbacked size for 2 or more, whatever "
    "the program asserts, and solves no equation about a computed size (`Min(3, u0) == 3`). A program that squeezes, "
    "broadcasts, unbinds or views such a tensor then changes its meaning, or cannot be traced: the dimension that "
    "`squeeze` removed is back. Every trace understands a slice, or an expansion, to a plain number.",
    upstream="torch.fx.experimental.symbolic_shapes.guard_size_oblivious",
    after={
        "drop_unused_reads": "a read that is erased needs no restricted tensor",
        "inline_regions_without_outputs": "an assertion of an inlined region also holds in the graph around it",
        "lower_roundings": "a rounding that is replaced by a plain number needs no restriction",
    },
)
def restrict_asserted_sizes(graph: torch.fx.Graph) -> bool:
    """Slices or expands a tensor to the size that is asserted of it, for what uses it after the assertion."""
    asserted = _asserted(graph)
    found = [each for tensor in graph.nodes for each in _new_dimensions(tensor, asserted)] if asserted else []
    restricted = [_restrict(graph, *each) for each in found]
    return any(restricted)


def _new_dimensions(tensor: torch.fx.Node, asserted: _Asserted) -> list[tuple[torch.fx.Node, int, torch.fx.Node, int]]:
    """The dimensions of `tensor` that have an asserted size which no input of the node has."""
    if tensor.op != "call_function":
        return []
    of_inputs = {size for node in tensor.all_input_nodes for size in _sizes(node.meta.get("val"))}
    sizes = enumerate(_sizes(tensor.meta.get("val")))
    return [(tensor, dim, *asserted[size]) for dim, size in sizes if size in asserted and size not in of_inputs]


def _restrict(graph: torch.fx.Graph, tensor: torch.fx.Node, dim: int, assertion: torch.fx.Node, number: int) -> bool:
    """Replaces `tensor` in later nodes by one whose dimension `dim` has a plain size."""
    last = max(tensor, assertion)
    later = [user for user in tensor.users if user > last]
    if not later:
        return False
    value = tensor.meta["val"]
    target: Any = torch.ops.aten.slice.Tensor
    args: tuple[Any, ...] = (dim, 0, number)
    if number > 1:
        target = torch.ops.aten.expand.default
        args = ([number if d == dim else -1 for d in range(value.dim())],)
    with graph.inserting_after(last):
        restricted = graph.call_function(target, (tensor, *args))
    restricted.meta.update({key: entry for key, entry in tensor.meta.items() if key not in _OF_THE_VALUE})
    with value.fake_mode:
        restricted.meta["val"] = target(value, *args)
    for user in later:
        user.replace_input_with(tensor, restricted)
    return True


_OF_THE_VALUE = ("val", "unbacked_bindings", "tensor_meta")
"""Metadata that describes a node's value, and not its place in the source."""


def _asserted(graph: torch.fx.Graph) -> _Asserted:
    """The sizes that are asserted to be a number. Without single symbols of 2 or more: torch replaces these itself."""
    found: _Asserted = {}
    for node in graph.nodes:
        condition = node.args[0] if node.target is torch.ops.aten._assert_scalar.default else None
        if not isinstance(condition, torch.fx.Node) or condition.target is not operator.eq:
            continue
        size, number = condition.args
        value = size.meta.get("val") if isinstance(size, torch.fx.Node) else None
        if isinstance(value, torch.SymInt) and type(number) is int and number >= 0:
            expr = value.node._expr
            if any(is_unbacked(s) for s in expr.free_symbols) and (number < 2 or not expr.is_Symbol):
                found.setdefault(expr, (node, number))
    return found


def _sizes(value: Any) -> list[Any]:
    """The sizes of a strided tensor, symbolic ones as expressions; of anything else none."""
    if not isinstance(value, torch.Tensor) or value.layout is not torch.strided:
        return []
    return [size.node._expr if isinstance(size, torch.SymInt) else size for size in value.shape]
