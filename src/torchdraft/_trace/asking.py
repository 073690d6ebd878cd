"""Who asks what a symbol is: Python code that branches, or an operation on its way."""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

import torch

from .stacks import is_framework

_MACHINERY = (
    *(
        os.path.join("torch", "fx", "experimental", name)
        for name in ("symbolic_shapes.py", "sym_node.py", "recording.py")
    ),
    *(os.path.join("torchdraft", "_trace", name) for name in ("env.py", "asking.py", "reads.py")),
    os.path.join("torchdraft", "_torch", "symnode.py"),
    os.path.join("torch", "_export", "non_strict_utils.py"),  # its `max` and `min` stand in for Python's
    f"{os.sep}functools.py",
)
_DYNAMO = f"{os.sep}torch{os.sep}_dynamo{os.sep}"

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


def asked_by_kernel() -> bool:
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


_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_KERNELS = tuple(
    _TORCH + place
    for place in ("_subclasses", "_refs", "_prims", "_meta_registrations", "_decomp", "_ops.py", "_inductor")
)


def asked_by_code() -> bool:
    """Whether the condition being evaluated is a choice of Python code, the model's or a library's.

    False where an operation asks for its own ends: whether a size is 1, whether memory lies in one piece.
    """
    return _asked_by_code(sys._getframe(2))


def checked_by_code() -> bool:
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
        if _DYNAMO in code.co_filename:
            return not code.co_filename.endswith("utils.py")  # where Dynamo runs operations
        if not _passes_on(frame, through):
            return not is_framework(code)
        frame = frame.f_back
    return False


def _passes_on(frame: FrameType, through: tuple[str, ...] = ("__",)) -> bool:
    file, name = frame.f_code.co_filename, frame.f_code.co_name
    symbolic = file.endswith(f"{os.sep}torch{os.sep}__init__.py") and name.startswith(through)
    return symbolic or file.endswith(_MACHINERY)
