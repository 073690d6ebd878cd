"""Ships a program to ONNX: translated by `torch.onnx.export`, run by ONNX Runtime."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch

from torchdraft._torch.patches.tracers.shipping import one_version_of_subgraphs
from torchdraft._torch.symbolic.fake import OpOverload
from torchdraft.saved.operator_calls import CALL, Description

from .prepared import Prepared, translating
from .rows import maps_as_scans
from .runtimes.extras import needed
from .runtimes.onnx import METADATA


class NoTranslation(ValueError):
    """A program calls operators that ONNX does not know."""

    def __init__(self, which: str) -> None:
        super().__init__(
            f"ONNX has no translation of {which}; pass to_onnx(…, custom_translation_table={{operator: function}}), or "
            "replace the operator in the model. An operator that is called through torchdraft::call needs a right fake "
            "kernel too (TD301, TD302; `torchdraft kernels` writes it), with which a draft calls it directly"
        )


def untranslated(program: torch.export.ExportedProgram, table: Collection[Any]) -> list[str]:
    """The custom operators that a program calls and that `table` has no translation of."""
    found: dict[str, None] = {}
    for node in program.graph.nodes:
        if node.op != "call_function" or not isinstance(node.target, OpOverload) or node.target in table:
            continue
        if node.target is CALL:
            found[f"{Description.of(node.args[0]).op} (called through torchdraft::call)"] = None
        elif node.target.namespace not in ("aten", "prim", "prims", "onnx", "onnx_symbolic"):
            found[node.target.name()] = None
    return list(found)


def write_onnx(prepared: Prepared, path: Path, options: dict[str, Any]) -> None:
    """Writes the model to `path`. `options` are those of `torch.onnx.export`."""
    needed("onnx", "onnxscript")
    maps_as_scans(prepared.program)
    with translating(prepared), one_version_of_subgraphs():
        try:
            made = torch.onnx.export(
                prepared.program,
                dynamo=True,
                verbose=False,
                input_names=prepared.interface.passed(),
                output_names=list(prepared.interface.outputs),
                **options,
            )
        except Exception as error:
            unknown = untranslated(prepared.program, options.get("custom_translation_table") or ())
            if not unknown:
                raise
            raise NoTranslation(", ".join(unknown)) from error
    assert made is not None
    graph = made.model.graph
    _default_state(graph, prepared.state)
    made.model.metadata_props[METADATA] = json.dumps(prepared.metadata())
    made.save(str(path), external_data=options.get("external_data"))


def _default_state(graph: Any, state: dict[str, torch.Tensor]) -> None:
    """Gives the inputs that are buffers of the model the values of now: a caller may leave them out."""
    from onnx_ir import tensor

    values = {value.name: value for value in graph.inputs}
    for name, held in state.items():
        if name in values:
            values[name].const_value = tensor(held.detach().cpu().numpy(), name=name)
            graph.initializers[name] = values[name]
