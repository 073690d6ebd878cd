"""Control flow operators, and those whose branches failed to trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..probe import need

COND: Any = torch.ops.higher_order.cond
WHILE_LOOP: Any = torch.ops.higher_order.while_loop
MAP: Any = torch.ops.higher_order.map_impl
SCAN: Any = torch.ops.higher_order.scan
map_rows: Any = need("torch._higher_order_ops.map:map")
"""`map_rows(f, x)` calls `f` with each row of `x`, and stacks what it returns."""
scan_rows: Any = need("torch._higher_order_ops.scan:scan")
"""`scan_rows(f, state, x)` calls `f` with a state and each row of `x`; `f` returns the next state and a result."""


def returned_by(graph: Any) -> Callable[..., Any] | None:
    """A function that returns what the trace of a branch returned, as fake tensors; None where that is not known."""
    if not isinstance(graph, torch.fx.GraphModule):
        return None
    (returned,) = next(iter(graph.graph.find_nodes(op="output"))).args
    if not isinstance(returned, (list, tuple)) or not all(isinstance(node, torch.fx.Node) for node in returned):
        return None
    values = tuple(node.meta.get("val") for node in returned)
    return (lambda *_operands: values) if all(isinstance(value, torch.Tensor) for value in values) else None


def branch_outputs(error: BaseException) -> dict[str, list[Any]]:
    """`true` and `false` → the outputs of that branch of a `cond`; empty where `error` came before both were traced.

    The branches' graphs are locals of the functions that compare them (`trace_cond`, or Dynamo's counterpart).
    """
    trace = error.__traceback__
    while trace is not None:
        graphs = {name: trace.tb_frame.f_locals.get(f"{name}_graph") for name in ("true", "false")}
        if all(graph is not None for graph in graphs.values()):
            return {name: _outputs(getattr(graph, "graph", graph)) for name, graph in graphs.items()}
        trace = trace.tb_next
    return {}


def _outputs(graph: Any) -> list[Any]:
    nodes = next(iter(graph.find_nodes(op="output"))).all_input_nodes
    return [node.meta.get("val", node.meta.get("example_value")) for node in nodes]
