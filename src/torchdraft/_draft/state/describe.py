"""Short descriptions of values, for reports."""

from __future__ import annotations

from typing import Any

import torch

from .containers import Inner
from .module_states import MISSING


def describe_value(value: Any) -> str:
    """Describes a value without reading the data of tensors, since such a read would count as one of the model."""
    if value is MISSING:
        return "(not set)"
    if isinstance(value, Inner):
        return describe_value(value.content)
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, (list, tuple, set)):
        first = ", ".join(describe_value(v) for v in list(value)[:4])
        return f"{type(value).__name__}({first}{', …' if len(value) > 4 else ''})"
    if isinstance(value, dict):
        first = ", ".join(f"{k!r}: {describe_value(v)}" for k, v in list(value.items())[:4])
        return f"{{{first}{', …' if len(value) > 4 else ''}}}"
    return repr(value)[:120] if isinstance(value, (int, float, bool, str, bytes, type(None))) else type(value).__name__
