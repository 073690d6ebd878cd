"""Makes a module of whatever runs a program: a session, a file that was shipped, a callable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from torchdraft.model.shipment import Shipment

from .aoti import AotiSession
from .executorch import ExecutorchSession
from .module import CallableModule, RuntimeModule
from .onnx import OnnxSession

SESSIONS: dict[str, Callable[[Any], Any]] = {
    "onnx": OnnxSession,
    "executorch": ExecutorchSession,
    "aoti": AotiSession,
}
"""Runtime → what loads its files."""

ENDINGS = {".onnx": "onnx", ".pte": "executorch", ".pt2": "aoti"}


def module_of(run: Any, program: torch.export.ExportedProgram) -> torch.nn.Module:
    """A module that calls `run` with the model's arguments. Raises `TypeError` for what cannot be run."""
    if isinstance(run, torch.nn.Module):
        return run
    if isinstance(run, Shipment):
        return RuntimeModule(SESSIONS[run.runtime](run.path), program)
    if isinstance(run, (str, Path)) and Path(run).suffix in ENDINGS:
        return RuntimeModule(SESSIONS[ENDINGS[Path(run).suffix]](run), program)
    if type(run).__name__ == "InferenceSession":
        return RuntimeModule(OnnxSession(run), program)
    if callable(run):
        return CallableModule(run)
    raise TypeError(
        f"run={run!r}: expected a callable that takes the model's arguments, an onnxruntime.InferenceSession, a "
        f"Shipment, or the path of a file that torchdraft shipped ({', '.join(ENDINGS)})"
    )
