"""What evaluates a guard: the user's Python code, which branches on it, or an operation for its own purposes."""

from __future__ import annotations

import functools
import os
import sys
from types import FrameType
from typing import Any

import torch

from torchdraft._torch import files
from torchdraft._torch.patches.numbers import symbolic_numbers
from torchdraft._torch.patches.operators import tensor_methods

from .frame_kinds import is_framework
from .transparent import acts_for_caller, is_transparent

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
"""Functions that convert a tensor to a Python value: a guard in them is one of the code that called them."""


def guard_from_kernel() -> bool:
    """Whether an operation evaluates the condition, in C++ or in torch's Python implementation of it.

    The operation evaluates it again when the program runs. A layer of `torch.nn` does not: it branches once, in the
    trace.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and _acts_for_caller(frame):
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
    """Whether Python code of the model or of a library evaluates the condition, in order to branch on it.

    False where an operation does so for its own purposes: whether a size is 1, whether memory is contiguous.
    """
    return _evaluated_by_code(sys._getframe(2))


def asked_by_code() -> bool:
    """Whether Python code branches on the condition, be it the model's or that of torch's layers and functions.

    False for an operation, which evaluates the condition again when the program runs, and for what traces the model.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__torch_function__":
            if frame.f_locals.get("func") not in CONVERSIONS:
                return False
        elif not _acts_for_caller(frame, ("__", "_check")) and not code.co_filename.startswith(_OWN):
            return not code.co_filename.startswith((*_KERNELS, *_MACHINERY))
        frame = frame.f_back
    return False


_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_MACHINERY = tuple(
    os.path.join(files.TORCH, place)
    for place in ("fx", "export", "_export", "_functorch", "_higher_order_ops", "_dynamo", "_guards.py", "_library")
)
"""What traces a model, and evaluates conditions of its own while it does."""


def assertion_from_user_code() -> bool:
    """Whether Python code asserts the condition with `torch._check`. False where an operation asserts it."""
    return _evaluated_by_code(sys._getframe(2), ("__", "_check"))


def _evaluated_by_code(frame: FrameType | None, through: tuple[str, ...] = ("__",)) -> bool:
    """`through`: prefixes of the functions in `torch/__init__.py` that evaluate a symbol on behalf of their caller."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__torch_function__":
            return frame.f_locals.get("func") in CONVERSIONS
        if code.co_filename == files.DYNAMO_GUARDS:  # it evaluates its own guards, on the example
            return False
        if code.co_filename.startswith(files.DYNAMO):
            return code.co_filename != files.DYNAMO_RUNS_OPERATIONS
        if not _acts_for_caller(frame, through):
            return not is_framework(code)
        frame = frame.f_back
    return False


def _acts_for_caller(frame: FrameType, through: tuple[str, ...] = ("__",)) -> bool:
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    caller = frame.f_back.f_code.co_filename if frame.f_back is not None else ""
    dynamo_guard = file == "<string>" and caller == files.DYNAMO_GUARDS
    return dynamo_guard or is_transparent(file) or (file == torch.__file__ and name.startswith(through))
