"""Runs packages of AOTInductor."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.exporters.aoti import load_package
from torchdraft._torch.patches.tracers.quiet import torch_output_suppressed

from .interface import CallInterface

METADATA = "torchdraft"
"""Key of the metadata of a package of torchdraft: its `CallInterface` as JSON."""


class AotiSession:
    """A package of AOTInductor that torchdraft wrote."""

    def __init__(self, path: Any) -> None:
        with torch_output_suppressed():
            self.loaded = load_package(path)
        self.interface = CallInterface.from_metadata(self.loaded.get_metadata().get(METADATA))

    def run(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The outputs by name. Raises what AOTInductor raises; its messages name the assumption."""
        results = self.loaded(*inputs.values())
        return dict(zip(self.interface.outputs, results, strict=True))
