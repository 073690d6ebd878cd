"""The arguments of one call of `draft_export`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._torch import pytree


@dataclass(slots=True)
class Request:
    """A model, its example inputs, and the options of `torch.export.export`."""

    mod: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    options: dict[str, Any] = field(default_factory=dict)

    def tensors(self) -> list[torch.Tensor]:
        """The tensors among the example inputs."""
        return [t for t in pytree.tree_leaves((self.args, dict(self.kwargs))) if isinstance(t, torch.Tensor)]
