"""A patch for operators that return plain Python values beside tensors."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import STRICT, TRACE

_PLAIN = (str, complex, torch.dtype, torch.device, torch.layout)


@patches(
    "torch.fx.experimental.proxy_tensor:extract_val",
    scope=(TRACE, STRICT),
    why="The tracer describes each result of an operator in its node, and raises for a text among the results. A "
    "custom operator may return `(Tensor, int, float, str)`.",
)
def plain_results_described(original: Any) -> Any:
    """Describes a plain value by itself."""

    def extract_val(value: Any, *args: Any, **kwargs: Any) -> Any:
        return value if isinstance(value, _PLAIN) else original(value, *args, **kwargs)

    return extract_val
