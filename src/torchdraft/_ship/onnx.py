"""Ships a program to ONNX: translated by `torch.onnx.export`, run by ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from .prepared import Prepared, translating
from .rows import maps_as_scans
from .runtimes.extras import needed
from .runtimes.onnx import METADATA


def write_onnx(prepared: Prepared, path: Path, options: dict[str, Any]) -> None:
    """Writes the model to `path`. `options` are those of `torch.onnx.export`."""
    needed("onnx", "onnxscript")
    maps_as_scans(prepared.program)
    with translating(prepared):
        made = torch.onnx.export(
            prepared.program,
            dynamo=True,
            verbose=False,
            input_names=prepared.interface.passed(),
            output_names=list(prepared.interface.outputs),
            **options,
        )
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
