"""Reads of a tensor as text."""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any

import torch

from torchdraft._stack.frame_kinds import is_framework, is_library
from torchdraft._stack.transparent import acts_for_caller, is_transparent
from torchdraft._stack.user_stack import innermost_user_frame
from torchdraft._torch import files
from torchdraft._torch.dispatch import outside_modes

from ..registry import SymbolicTrace, host_read

acts_for_caller(__file__)

_NO_DATA = "The text of a fake tensor contains no data. Eager shows the data."


@host_read(torch.Tensor.__repr__, constant_as_is=True, why=_NO_DATA)
def as_repr(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`repr(x)`, `str(x)`."""
    if not _called_by_user():
        return torch.Tensor.__repr__(*args, **kwargs)
    real = trace.value(args[0], "__repr__", text=torch.Tensor.__repr__)
    with outside_modes():
        return real.__repr__()


@host_read(torch.Tensor.__format__, constant_as_is=True, why=_NO_DATA)
def formatted(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`format(x, spec)`, f-strings."""
    if not _called_by_user():
        return torch.Tensor.__format__(*args, **kwargs)
    real = trace.value(args[0], "__format__", text=lambda data: data.__format__(*args[1:]))
    with outside_modes():
        return real.__format__(*args[1:])


def _called_by_user() -> bool:
    """Whether the user's code asks for the text, and not torch for a message of its own.

    Frames of Tensor's method and of the handlers of other function modes lie between, possibly several times.
    """
    frame: Any = sys._getframe(2)
    while frame is not None and _passes_on(frame.f_code):
        frame = frame.f_back
    return frame is not None and frame is innermost_user_frame()


def _passes_on(code: CodeType) -> bool:
    by_name = code.co_name in ("__torch_function__", "run", "_override") or is_library(code)
    by_file = code.co_filename in files.TENSOR_METHODS or is_transparent(code.co_filename)
    return is_framework(code) and (by_name or by_file)
