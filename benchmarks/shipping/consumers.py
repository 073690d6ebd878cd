"""Ships with torchdraft, or with torch's draft and the exporters as they are; returns what runs the result."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

import torchdraft
from torchdraft._ship.runtimes.find import module_of
from torchdraft._torch import pytree
from torchdraft._torch.exporters.aoti import compile_package, load_package

from .models import Model

ENDINGS = {"onnx": ".onnx", "executorch": ".pte", "aoti": ".pt2"}

Run = Callable[..., Any]


def ours(model: Model, folder: Path, runtime: str) -> Run:
    """torchdraft's draft, shipped by torchdraft."""
    program = _draft(model)
    shipment = getattr(torchdraft, f"to_{runtime}")(program, folder / f"ours{ENDINGS[runtime]}", trials=0)
    return module_of(shipment, program)


def consumed(model: Model, folder: Path, consumer: Callable[..., Run]) -> Run:
    """torchdraft's draft, put through a transform of torch."""
    return consumer(_draft(model), model)


def torchs(model: Model, folder: Path, runtime: str) -> Run:
    """torch's draft, shipped by the runtime's own exporter."""
    program = torch.export.draft_export(model.build(), model.example, dynamic_shapes=model.shapes)
    path = folder / f"torchs{ENDINGS[runtime]}"
    run = {"onnx": _onnx, "executorch": _executorch, "aoti": _aoti}[runtime](program, path)
    spec = program.call_spec.out_spec

    def call(*args: Any) -> Any:
        results = run([each for each in pytree.tree_leaves(args) if isinstance(each, torch.Tensor)])
        return pytree.tree_unflatten(list(results)[: spec.num_leaves], spec)

    return call


def _draft(model: Model) -> torch.export.ExportedProgram:
    return torchdraft.draft_export(model.build(), model.example, dynamic_shapes=model.shapes, **model.options)


def _saved_and_loaded(program: torch.export.ExportedProgram, model: Model) -> Run:
    file = io.BytesIO()
    torchdraft.save(program, file)
    file.seek(0)
    return torchdraft.load(file).module()


def _decomposed(program: torch.export.ExportedProgram, model: Model) -> Run:
    return program.run_decompositions().module()


def _exported_again(program: torch.export.ExportedProgram, model: Model) -> Run:
    return torch.export.export(program.module(), model.example, dynamic_shapes=model.shapes).module()


def _compiled(program: torch.export.ExportedProgram, model: Model) -> Run:
    compiled: Run = torch.compile(program.module(), fullgraph=True)
    compiled(*model.example)
    return compiled


CONSUMERS: Mapping[str, Callable[..., Run]] = {
    "save, load": _saved_and_loaded,
    "decompose": _decomposed,
    "export again": _exported_again,
    "torch.compile": _compiled,
}
"""Transforms of torch, which take the program as it is."""


def _onnx(program: torch.export.ExportedProgram, path: Path) -> Callable[[list[Any]], Any]:
    import onnxruntime

    torch.onnx.export(program, dynamo=True, verbose=False).save(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda args: [
        torch.tensor(each) for each in session.run(None, dict(zip(names, (a.numpy() for a in args), strict=False)))
    ]


def _executorch(program: torch.export.ExportedProgram, path: Path) -> Callable[[list[Any]], Any]:
    from executorch.exir import to_edge_transform_and_lower
    from executorch.runtime import Runtime

    with path.open("wb") as file:
        to_edge_transform_and_lower(program).to_executorch().write_to_file(file)
    method = Runtime.get().load_program(path).load_method("forward")
    return lambda args: method.execute(args)


def _aoti(program: torch.export.ExportedProgram, path: Path) -> Callable[[list[Any]], Any]:
    compile_package(program, path, {})
    loaded = load_package(path)
    return lambda args: pytree.tree_leaves(loaded(*args))
