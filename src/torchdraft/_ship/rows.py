"""Writes `map` as `scan`: torch's exporter to ONNX does not know `map`, and ExecuTorch's `map` has one result."""

from __future__ import annotations

import torch

from torchdraft._torch.graph.control_flow import MAP, SCAN
from torchdraft._torch.graph.values import graph_modules


def maps_as_scans(program: torch.export.ExportedProgram) -> None:
    """Replaces each `map`, which calls a function with each row, by a `scan` without a state."""
    for module in graph_modules(program.graph_module):
        for node in module.graph.find_nodes(op="call_function", target=MAP):
            body, rows, more = node.args
            node.target, node.args = SCAN, (body, [], rows, tuple(more))
        module.recompile()
