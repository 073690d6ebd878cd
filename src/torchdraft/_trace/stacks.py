"""Captures the user's stack cheaply: code objects, lines and instructions, formatted only when an issue is shown."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import CodeType, FrameType, TracebackType

import torch

from .._torch.dynamo import interpreted
from .events import Frame

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_PYTHON = sysconfig.get_path("stdlib") + os.sep
_KNOWN: dict[CodeType, bool] = {}


def is_framework(code: CodeType) -> bool:
    """Whether `code` belongs to torch, torchdraft or Python's own library, not to the user or a model."""
    known = _KNOWN.get(code)
    if known is None:
        file = code.co_filename
        known = _KNOWN[code] = (
            file.startswith((_TORCH, _OWN, "<frozen", "<eval_with_key>"))
            or (file.startswith(_PYTHON) and "-packages" + os.sep not in file)
            or (file == "<string>" and code.co_name == "<lambda>")  # make_fx wraps what it traces so
        )
    return known


def user_stack(skip: int = 1, limit: int = 32) -> tuple[Frame, ...]:
    """The user's frames inside the traced call, outermost first. Frames above torchdraft's entry are left out."""
    found: list[Frame] = []
    frame: FrameType | None = sys._getframe(skip)
    while frame is not None and len(found) < limit:
        code = frame.f_code
        if code.co_name == "draft_export" and code.co_filename.startswith(_OWN):
            break
        seen = interpreted(frame) or (code, frame.f_lineno, frame.f_lasti)
        if not is_framework(seen[0]):
            found.append(seen)
        frame = frame.f_back
    return tuple(reversed(found))


def innermost_user_frame(skip: int = 1) -> FrameType | None:
    """The innermost frame that runs the user's code, inside the traced call. None where Dynamo interprets that code."""
    frame: FrameType | None = sys._getframe(skip)
    while frame is not None and interpreted(frame) is None:
        if not is_framework(frame.f_code):
            return frame
        if frame.f_code.co_name == "draft_export" and frame.f_code.co_filename.startswith(_OWN):
            return None
        frame = frame.f_back
    return None


def from_user(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame of the user's on; all of it where there is none."""
    found = trace
    while found is not None and is_framework(found.tb_frame.f_code):
        found = found.tb_next
    return found or trace


def asked_by_user(frames_up: int) -> bool:
    """Whether the frame `frames_up` above the caller runs the user's code."""
    return not is_framework(sys._getframe(frames_up + 1).f_code)


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
