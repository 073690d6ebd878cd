"""Makes torchvision importable if its compiled operators do not load.

The torchvision of PyPI is built for CUDA. With a CPU build of torch its library does not load, and the import of
torchvision fails. In this case non-maximum suppression is registered here, in Python. For the other operators
torchvision has fallbacks.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

import torch
from torch import Tensor

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def suppress(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the indices of the remaining boxes, best first."""
    order = scores.argsort(descending=True, stable=True)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.numel():
        best, order = int(order[0]), order[1:]
        kept.append(best)
        corner = torch.maximum(boxes[best, :2], boxes[order, :2])
        opposite = torch.minimum(boxes[best, 2:], boxes[order, 2:])
        overlap = (opposite - corner).clamp(min=0).prod(-1)
        order = order[overlap / (area[best] + area[order] - overlap) <= iou_threshold]
    return torch.tensor(kept, dtype=torch.int64)


def load_torchvision() -> bool:
    """Imports torchvision, with `suppress` if its operators do not load. False if it is not installed."""
    if not importlib.util.find_spec("torchvision"):
        return False
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        torch.library.define("torchvision::nms", _SCHEMA)
        torch.library.define("torchvision::qnms", _SCHEMA)  # never called; torchvision describes it at import
        torch.library.impl("torchvision::nms", "CPU", suppress)
        importlib.import_module("torchvision")
        boxes = importlib.import_module("torchvision.ops.boxes")
        vars(boxes)["_assert_has_ops"] = lambda: None
    return True
