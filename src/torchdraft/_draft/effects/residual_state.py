"""What `forward` left on the model or around it that a second trace can start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._draft.state.residual import ResidualValue


@dataclass(slots=True)
class ResidualState:
    """State left by one trace. Names are dotted, from the model or from a module of Python."""

    attributes: dict[str, Any] = field(default_factory=dict)
    """Attribute of a module → the plain value or the constant tensor that it came to hold."""
    symbolic_sizes: dict[str, str] = field(default_factory=dict)
    """Those of the attributes that hold a symbolic number → its expression; the plain number is that of the example."""
    constant_tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    """Those of the attributes that hold a tensor computed from no input, such as a table made from weights."""
    containers: dict[str, Any] = field(default_factory=dict)
    """Those of the attributes that hold a container → its key, which is that of another trace's if both hold the same
    (`residual_containers.py`)."""
    changed_in_place: set[str] = field(default_factory=set)
    """Those of the containers that the attribute held before, too: others may hold them."""
    written: set[str] = field(default_factory=set)
    """Every attribute that `forward` changed, whatever it holds."""
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Module → the tables of hooks that `forward` changed."""
    values: dict[str, ResidualValue] = field(default_factory=dict)
    """Globals, closures and attributes of objects outside the model."""

    def __bool__(self) -> bool:
        """Whether anything was left."""
        return bool(self.attributes or self.values or self.hooks)
