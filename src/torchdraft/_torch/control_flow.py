"""Control flow operators whose branches failed to trace."""

from __future__ import annotations

from typing import Any


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
