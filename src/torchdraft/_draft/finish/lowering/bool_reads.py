"""Graph pass: reads a bool from a tensor as an int where it is used as one."""

from __future__ import annotations

import operator
from typing import Any

import sympy
import torch

from torchdraft._torch.graph.nodes import NUMBER_READS, copy_origin

from ..passes.registry import Stage, graph_pass

_ATEN = torch.ops.aten


@graph_pass(
    Stage.REWRITE,
    why="A condition on a bool tensor is asserted through `sym_ite(item, 1, 0)`. ExecuTorch's `to_edge` fails on it "
    "with an AssertionError without a message, and Inductor subtracts two equations (`Equality - Equality`).",
    upstream="torch.fx.passes.runtime_assert",
    after={
        "select_before_item": "it finds the reads of bools that have dimensions",
        "compute_branch_conditions_on_tensors": "a condition that is a tensor needs no integer",
    },
)
def read_bools_as_ints(graph: torch.fx.Graph) -> bool:
    """Replaces `sym_ite(item(bool), 1, 0)` by the read of an integer, and the bool by a comparison of the integer."""
    found = [(node, symbol) for node in graph.nodes if (symbol := _symbol(node)) is not None]
    for node, symbol in found:
        _read_as_int(graph, node, symbol)
    return bool(found)


def _symbol(node: torch.fx.Node) -> Any:
    """The symbol `u` of a read of a bool, `Eq(u, 1)`, of which an int is made; None for other nodes."""
    if node.target not in NUMBER_READS or not any(_is_int_of(user, node) for user in node.users):
        return None
    value = node.meta.get("val")
    condition = value.node._expr if isinstance(value, torch.SymBool) else None
    if not isinstance(condition, sympy.Eq) or condition.rhs != 1 or not condition.lhs.is_Symbol:
        return None
    return condition.lhs


def _is_int_of(user: torch.fx.Node, read: torch.fx.Node) -> bool:
    return user.target is torch.sym_ite and user.args == (read, 1, 0)


def _read_as_int(graph: torch.fx.Graph, node: torch.fx.Node, symbol: Any) -> None:
    (tensor,) = node.args
    assert isinstance(tensor, torch.fx.Node)
    bool_value, env = node.meta["val"], node.meta["val"].node.shape_env
    number_value = env.create_symintnode(symbol, hint=None)
    with graph.inserting_before(node):
        copied = graph.call_function(_ATEN._to_copy.default, (tensor,), {"dtype": torch.int64})
        number = graph.call_function(node.target, (copied,))
        condition = graph.call_function(operator.eq, (number, 1))
    held = tensor.meta["val"]
    with held.fake_mode:
        copied.meta["val"] = held.to(torch.int64)
    number.meta.update(node.meta, val=number_value, unbacked_bindings={symbol: ()})
    condition.meta["val"] = bool_value
    for made in (copied, condition):
        copy_origin(made, node)
    for user in list(node.users):
        if _is_int_of(user, node):
            user.replace_all_uses_with(number)
            graph.erase_node(user)
        else:
            user.replace_input_with(node, condition)
    graph.erase_node(node)
    if not condition.users:
        graph.erase_node(condition)
