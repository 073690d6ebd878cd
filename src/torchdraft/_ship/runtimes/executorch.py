"""Runs programs of ExecuTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .extras import needed
from .interface import CallInterface

METADATA = "torchdraft"
"""Name of a method of the program, which returns its `CallInterface` as JSON."""


class ExecutorchSession:
    """A program of ExecuTorch that torchdraft wrote."""

    def __init__(self, path: Any) -> None:
        (runtime,) = needed("executorch.runtime")
        self.program = runtime.Runtime.get().load_program(Path(path))
        (text,) = self.program.load_method(METADATA).execute([])
        self.interface = CallInterface.from_metadata(text)

    def run(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The outputs by name. Raises what ExecuTorch raises."""
        method = self.program.load_method("forward")
        results = method.execute([tensor.contiguous() for tensor in inputs.values()])
        return dict(zip(self.interface.outputs, map(torch.as_tensor, results), strict=True))
