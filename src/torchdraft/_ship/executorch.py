"""Ships a program to ExecuTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from torchdraft._draft.finish.numbers.number_nodes import erase_unused_numbers, numbers_of
from torchdraft._torch.graph.control_flow import WHILE_LOOP
from torchdraft._torch.graph.values import graph_modules

from .assumptions import assertions, place_of
from .prepared import Prepared, translating
from .rows import maps_as_scans
from .runtimes.executorch import METADATA
from .runtimes.extras import needed


def write_executorch(prepared: Prepared, path: Path, options: dict[str, Any]) -> None:
    """Writes the program to `path`."""
    (exir,) = needed("executorch.exir")
    _refuse_loops(prepared.program)
    _erase_assertions_about_floats(prepared.program)
    maps_as_scans(prepared.program)
    with translating(prepared):
        edge = exir.to_edge_transform_and_lower(
            prepared.program,
            partitioner=options.pop("partitioner", None),
            constant_methods={METADATA: json.dumps(prepared.metadata())},
            compile_config=exir.EdgeCompileConfig(_check_ir_validity=False),
        )
        made = edge.to_executorch(options.pop("config", None))
    if options:
        raise TypeError(f"to_executorch has no options {', '.join(options)}; it has partitioner and config")
    with path.open("wb") as file:
        made.write_to_file(file)


def _refuse_loops(program: torch.export.ExportedProgram) -> None:
    for module in graph_modules(program.graph_module):
        for node in module.graph.find_nodes(op="call_function", target=WHILE_LOOP):
            raise NotImplementedError(
                f"ExecuTorch has no operator for a loop whose number of turns data decides{place_of(node)}. "
                "to_onnx and to_aoti translate it; so does ExecuTorch where the number of turns is fixed."
            )


def _erase_assertions_about_floats(program: torch.export.ExportedProgram) -> None:
    """Erases them once they are carried. ExecuTorch drops an assertion and keeps what it computes, of which its runtime
    has no operators for floats (`sym_max only supports int inputs`). No size depends on them.
    """
    for module in graph_modules(program.graph_module):
        for node in [each for each in assertions(module.graph) if _is_about_floats(each)]:
            condition = node.all_input_nodes
            module.graph.erase_node(node)
            for each in condition:
                erase_unused_numbers(module.graph, each)
        module.recompile()


def _is_about_floats(assertion: torch.fx.Node) -> bool:
    return any(isinstance(node.meta.get("val"), torch.SymFloat) for node in numbers_of(*assertion.all_input_nodes))
