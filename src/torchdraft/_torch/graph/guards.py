"""The guards of a program on its inputs, which `program.module()` checks, as a graph."""

from __future__ import annotations

from typing import Any

import torch

from ..probe import need

need("torch.export._unlift:GuardsFn")
GUARD: Any = need("torch:_assert")
"""What a guard calls, with its condition and its message."""


def guard_graph(program: torch.export.ExportedProgram) -> torch.fx.Graph | None:
    """A graph that takes the inputs of the program and calls `GUARD(condition, message)` for each guard.

    None where there are no guards: the program has no inputs, or no example inputs. torch makes the guards a Python
    function, which is called on proxies here. Raises `torch.fx.proxy.TraceError` where it contains `and`, `or`, `not`.
    """
    module = program.module()
    guards = getattr(module, "_guards_fn", None)
    if guards is None:
        return None
    graph = torch.fx.Graph()
    tracer = torch.fx.proxy.GraphAppendingTracer(graph)
    names = [node.name for node in module.graph.find_nodes(op="placeholder")]
    guards.forward(*[torch.fx.Proxy(graph.placeholder(name), tracer) for name in names])
    return graph
