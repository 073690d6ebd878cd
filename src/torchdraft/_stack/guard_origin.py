"""Who asks what a symbol is: Python code that branches, or an operation on its way."""

from __future__ import annotations

import functools
import os
import sys
from types import FrameType
from typing import Any

import torch

from torchdraft._torch import files
from torchdraft._torch.patches import symbolic_numbers, tensor_methods

from .transparent import acts_for_caller, is_transparent
from .user_stack import is_framework

_PATCHES = (symbolic_numbers.__file__, tensor_methods.__file__)

for _file in (*files.SYMBOLIC_NUMBERS, *_PATCHES, functools.__file__, __file__):
    acts_for_caller(_file)

CONVERSIONS: frozenset[Any] = frozenset(
    {
        torch.Tensor.__bool__,
        torch.Tensor.__int__,
        torch.Tensor.__float__,
        torch.Tensor.__index__,
        torch.Tensor.__contains__,
        torch.Tensor.is_nonzero,
        torch.is_nonzero,
        torch.Tensor.item,
        torch.Tensor.equal,
        torch.equal,
        torch.Tensor.allclose,
        torch.allclose,
    }
)
"""Functions that make a Python value of a tensor: what they ask, the code that called them asks."""


def guard_from_kernel() -> bool:
    """Whether the condition being evaluated is one of an operation's, in C++ or in torch's Python for it.

    It decides again when the program runs. A layer of `torch.nn` does not: its branch is taken once, here.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and _passes_on(frame):
        frame = frame.f_back
    if frame is None:
        return False
    code = frame.f_code
    return code.co_name == "__torch_function__" or code.co_filename.startswith(_KERNELS)


_KERNELS = tuple(
    os.path.join(files.TORCH, place)
    for place in ("_subclasses", "_refs", "_prims", "_meta_registrations", "_decomp", "_ops.py", "_inductor")
)


def guard_from_user_code() -> bool:
    """Whether the condition being evaluated is a choice of Python code, the model's or a library's.

    False where an operation asks for its own ends: whether a size is 1, whether memory lies in one piece.
    """
    return _asked_by_code(sys._getframe(2))


def assertion_from_user_code() -> bool:
    """Whether the condition being asserted is one that Python code wrote down (`torch._check`). False where an
    operation asserts it.
    """
    return _asked_by_code(sys._getframe(2), ("__", "_check"))


def _asked_by_code(frame: FrameType | None, through: tuple[str, ...] = ("__",)) -> bool:
    """`through`: how functions of `torch/__init__.py` that pass a question on are called."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__torch_function__":
            return frame.f_locals.get("func") in CONVERSIONS
        if code.co_filename.startswith(files.DYNAMO):
            return code.co_filename != files.DYNAMO_RUNS_OPERATIONS
        if not _passes_on(frame, through):
            return not is_framework(code)
        frame = frame.f_back
    return False


def _passes_on(frame: FrameType, through: tuple[str, ...] = ("__",)) -> bool:
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    return is_transparent(file) or (file == torch.__file__ and name.startswith(through))
