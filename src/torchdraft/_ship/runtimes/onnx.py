"""Runs ONNX models with ONNX Runtime."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft.model.shipment import number_in

from .extras import needed
from .interface import AssumptionBroken, CallInterface

METADATA = "torchdraft"
"""Key of the metadata of an ONNX model of torchdraft: its `CallInterface` as JSON."""


class OnnxSession:
    """An ONNX model of torchdraft: tensors in, tensors out, by name. Takes a path or an `InferenceSession`."""

    def __init__(self, model: Any) -> None:
        (runtime,) = needed("onnxruntime")
        self.session = model
        if not isinstance(model, runtime.InferenceSession):
            options = runtime.SessionOptions()
            options.log_severity_level = 4  # failed assertions are expected, and raise
            self.session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.interface = CallInterface.from_metadata(self.session.get_modelmeta().custom_metadata_map.get(METADATA))
        known = (*self.session.get_inputs(), *self.session.get_overridable_initializers())
        self.taken = frozenset(each.name for each in known)
        self.outputs = [each.name for each in self.session.get_outputs()]

    def run(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The outputs by name. Raises `AssumptionBroken`, and what ONNX Runtime raises."""
        feed = {name: tensor.detach().cpu().numpy() for name, tensor in inputs.items() if name in self.taken}
        try:
            results = self.session.run(self.outputs, feed)
        except Exception as error:
            number = number_in(str(error))
            if not number:
                raise
            raise AssumptionBroken(self.interface.text_of(number)) from error
        return {name: torch.tensor(result) for name, result in zip(self.outputs, results, strict=True)}
