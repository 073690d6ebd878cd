"""Source files of torch whose frames torchdraft recognises on a stack, by the path of the imported module."""

from __future__ import annotations

import os
from typing import Any

import torch

from .probe import need

TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
DYNAMO = os.path.join(TORCH, "_dynamo") + os.sep
DYNAMO_RUNS_OPERATIONS = os.path.join(DYNAMO, "utils.py")
"""The module in which Dynamo runs an operation on fake tensors."""
DYNAMO_GUARDS = os.path.join(DYNAMO, "guards.py")
"""The module in which Dynamo evaluates the guards of what it compiled."""
DYNAMO_INTERPRETER = os.path.join(DYNAMO, "symbolic_convert.py")
FX = os.path.join(TORCH, "fx") + os.sep


def _file(module: str) -> str:
    found: Any = need(module).__file__
    return str(found)


SYMBOLIC_NUMBERS = frozenset(
    _file(module)
    for module in (
        "torch.fx.experimental.symbolic_shapes",
        "torch.fx.experimental.sym_node",
        "torch.fx.experimental.recording",
        "torch._export.non_strict_utils",  # its `max` and `min` replace Python's during an export
    )
)
"""Modules that evaluate a symbolic number on behalf of their caller."""
TENSOR_METHODS = frozenset({_file("torch._tensor"), _file("torch.overrides")})
"""Modules whose frames are between a call of a tensor method and a function mode."""
SERIALIZATION = _file("torch.serialization")
