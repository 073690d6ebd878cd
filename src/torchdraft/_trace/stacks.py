"""Captures the user's stack cheaply: code objects, lines and instructions, formatted only when an issue is shown."""

from __future__ import annotations

import logging
import os
import sys
import sysconfig
from types import CodeType, FrameType, TracebackType

import numpy
import torch

from .._torch.dynamo import interpreted
from .events import Frame

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(numpy.__file__)) + os.sep
_PYTHON = sysconfig.get_path("stdlib") + os.sep
_LOGGING = os.path.dirname(os.path.abspath(logging.__file__)) + os.sep
_KNOWN: dict[CodeType, bool] = {}


def is_framework(code: CodeType) -> bool:
    """Whether `code` belongs to torch, torchdraft, NumPy or Python's own library, not to the user or a model."""
    known = _KNOWN.get(code)
    if known is None:
        file = code.co_filename
        known = _KNOWN[code] = (
            file.startswith((_TORCH, _OWN, "<eval_with_key>"))
            or is_library(code)
            or (file == "<string>" and code.co_name == "<lambda>")  # make_fx wraps what it traces so
        )
    return known


def is_library(code: CodeType) -> bool:
    """Whether `code` is Python's own or NumPy's, which ask on behalf of whoever calls them."""
    file = code.co_filename
    if file.startswith(_PYTHON):
        return f"-packages{os.sep}" not in file
    return file.startswith((_NUMPY, "<frozen"))


def is_draft_export(code: CodeType) -> bool:
    """Whether `code` is torchdraft's entry: what is above it on the stack is not the model's doing."""
    return code.co_name == "draft_export" and code.co_filename.startswith(_OWN)


def user_stack(skip: int = 1, limit: int = 32) -> tuple[Frame, ...]:
    """The user's frames inside the traced call, outermost first. Frames above torchdraft's entry are left out."""
    found: list[Frame] = []
    frame: FrameType | None = sys._getframe(skip)
    while frame is not None and len(found) < limit:
        code = frame.f_code
        if is_draft_export(code):
            break
        seen = interpreted(frame) or (code, frame.f_lineno, frame.f_lasti)
        if not is_framework(seen[0]):
            found.append(seen)
        elif code.co_filename.startswith(_LOGGING):
            found.clear()  # what a handler does is done for the line that logs
        frame = frame.f_back
    return tuple(reversed(found))


def innermost_user_frame(skip: int = 1) -> FrameType | None:
    """The innermost frame that runs the user's code, inside the traced call. None where Dynamo interprets that code."""
    frame: FrameType | None = sys._getframe(skip)
    found: FrameType | None = None
    while frame is not None and (found is not None or interpreted(frame) is None):
        code = frame.f_code
        if is_draft_export(code):
            break
        if not is_framework(code):
            found = found or frame
        elif code.co_filename.startswith(_LOGGING):
            found = None
        frame = frame.f_back
    return found


def from_user(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame of the user's on; all of it where there is none."""
    found = trace
    while found is not None and is_framework(found.tb_frame.f_code):
        found = found.tb_next
    return found or trace


def asked_by_user(frames_up: int) -> bool:
    """Whether the frame `frames_up` above the caller runs the user's code."""
    return not is_framework(sys._getframe(frames_up + 1).f_code)


def asked_for_user(frames_up: int) -> bool:
    """As above, or the frame runs Python's own library or NumPy on behalf of the user's code."""
    frame: FrameType | None = sys._getframe(frames_up + 1)
    while frame is not None and is_library(frame.f_code):
        frame = frame.f_back
    return frame is not None and not is_framework(frame.f_code)


def local_tensors(frame: FrameType | None, limit: int = 12) -> dict[str, str]:
    """The frame's locals that matter to a reader: tensors with dtype and shape, symbolic and plain numbers."""
    if frame is None:
        return {}
    shown: dict[str, str] = {}
    for name, value in frame.f_locals.items():
        if isinstance(value, torch.Tensor):
            dtype = str(value.dtype).removeprefix("torch.")
            shown[name] = f"{dtype}[{', '.join(str(s) for s in value.shape)}]"
        elif isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool, int, float, bool, str)):
            shown[name] = str(value)[:80]
        if len(shown) == limit:
            break
    return shown
