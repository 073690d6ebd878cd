"""Runs programs of ExecuTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .extras import needed
from .interface import VALID, CallInterface

METADATA = "torchdraft"
"""Name of a method of the program, which returns its `CallInterface` as JSON."""

_HINT = (
    ". Where an assumption does not hold, ExecuTorch's log says `index[0] = N is out of range [0, 1)`; "
    "shipment.explain(N) is its text"
)


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
        try:
            results = method.execute([tensor.contiguous() for tensor in inputs.values()])
        except RuntimeError as error:
            raise RuntimeError(f"{error}{_HINT if VALID in self.interface.outputs else ''}") from error
        return dict(zip(self.interface.outputs, map(torch.as_tensor, results), strict=True))
