"""Captures the user's stack cheaply: code objects, lines and instructions, formatted only when an issue is shown."""

from __future__ import annotations

import functools
import linecache
import logging
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, TracebackType
from typing import Any, Literal

import numpy
import torch

from torchdraft._source.bytecode import span
from torchdraft._torch import files
from torchdraft._torch.dispatch import current_module, without_function_modes
from torchdraft._torch.dynamo import interpreted_frame
from torchdraft.model.events import Frame, ObservedTensor

Kind = Literal["user", "layer", "framework", "logging", "dynamo", "entry"]

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_TORCH = files.TORCH
_LAYERS = os.path.join(_TORCH, "nn", "modules") + os.sep
_NUMPY = os.path.dirname(os.path.abspath(numpy.__file__)) + os.sep
_PYTHON = sysconfig.get_path("stdlib") + os.sep
_LOGGING = os.path.dirname(os.path.abspath(logging.__file__)) + os.sep
_INTERPRETER = f"{os.sep}_dynamo{os.sep}symbolic_convert.py"
_KINDS: dict[int, tuple[Kind, CodeType]] = {}
"""By identity: a code object's own hash goes over all it holds. Those in here stay alive, and keep theirs."""
_outermost: list[FrameType] = []
"""The frame that called the model's forward, while that runs: above it are frames of torch and torchdraft alone."""


def is_framework(code: CodeType) -> bool:
    """Whether `code` belongs to torch, torchdraft, NumPy or Python's own library, not to the user or a model."""
    return _kind(code) != "user"


def _kind(code: CodeType) -> Kind:
    known = _KINDS.get(id(code))
    if known is None:
        known = _KINDS[id(code)] = (_kind_of(code), code)
    return known[0]


def _kind_of(code: CodeType) -> Kind:
    file, name = code.co_filename, code.co_name
    if is_draft_export(code):
        return "entry"
    if file.startswith(_LOGGING):
        return "logging"
    if name == "run" and file.endswith(_INTERPRETER):
        return "dynamo"
    made = file == "<string>" and name == "<lambda>"  # make_fx wraps what it traces so
    if file.startswith(_LAYERS) and not file.endswith("module.py"):
        return "layer"
    theirs = file.startswith((_TORCH, _OWN, "<eval_with_key>")) or is_library(code)
    return "framework" if made or theirs else "user"


@contextmanager
def model_called_from(frame: FrameType) -> Iterator[None]:
    """In this block, nobody looks for the user's frames above `frame`."""
    _outermost.append(frame)
    try:
        yield
    finally:
        _outermost.remove(frame)


def is_library(code: CodeType) -> bool:
    """Whether `code` is Python's own or NumPy's, which ask on behalf of whoever calls them."""
    file = code.co_filename
    if file.startswith(_PYTHON):
        return f"-packages{os.sep}" not in file
    return file.startswith((_NUMPY, "<frozen"))


def is_draft_export(code: CodeType) -> bool:
    """Whether `code` is torchdraft's entry: what is above it on the stack is not the model's doing."""
    return code.co_name == "draft_export" and code.co_filename.startswith(_OWN)


def in_an_import(frame: FrameType | None) -> bool:
    """Whether code runs because a module is imported, which happens once in a process: no call's doing."""
    while frame is not None and _kind(frame.f_code) != "entry":
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def frames_of_user(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames that run the user's code inside the traced call, from `frame` up."""
    end = _outermost[-1] if _outermost else None
    while frame is not None and frame is not end:
        kind = _kind(frame.f_code)
        if kind == "entry":
            return
        if kind == "user":
            yield frame
        frame = frame.f_back


def user_stack(skip: int = 1, limit: int = 32) -> tuple[Frame, ...]:
    """The user's frames inside the traced call, outermost first. Frames above torchdraft's entry are left out."""
    return _walked(sys._getframe(skip), limit)[0]


def _walked(frame: FrameType | None, limit: int = 32) -> tuple[tuple[Frame, ...], FrameType | None]:
    """The user's frames from `frame` up, and the innermost of them where it really runs (Dynamo only interprets).

    Where the whole model is one of torch's modules, none is the user's: its own lines are told then.
    """
    found = _walked_up(frame, limit, ("user",))
    return found if found[0] or not _outermost else _walked_up(frame, limit, ("user", "layer"))


def _walked_up(
    frame: FrameType | None, limit: int, kinds: tuple[Kind, ...]
) -> tuple[tuple[Frame, ...], FrameType | None]:
    found: list[Frame] = []
    innermost: FrameType | None = None
    end = _outermost[-1] if _outermost else None
    while frame is not None and frame is not end and len(found) < limit:
        kind = _kind(frame.f_code)
        seen = interpreted_frame(frame) if kind == "dynamo" else None
        if kind in kinds:
            innermost = innermost or frame
            found.append((frame.f_code, frame.f_lineno, frame.f_lasti))
        elif seen is not None and not is_framework(seen[0]):
            found.append(seen)
        elif kind == "logging":
            found.clear()  # what a handler does is done for the line that logs
            innermost = None
        elif kind == "entry":
            break
        frame = frame.f_back
    return tuple(reversed(found)), innermost if found and innermost and found[0][0] is innermost.f_code else None


def here(skip: int = 1) -> dict[str, Any]:
    """What every event says of its place: the user's stack, the submodule, what the names on the line stand for."""
    stack, frame = _walked(sys._getframe(skip))
    return {"stack": stack, "module": current_module(), "locals": locals_on_line(frame)}


def innermost_user_frame(skip: int = 1) -> FrameType | None:
    """The innermost frame that runs the user's code, inside the traced call. None where Dynamo interprets that code."""
    return _walked(sys._getframe(skip))[1]


def formatted(stack: tuple[Frame, ...]) -> str:
    """A stack as a traceback shows it, which is how a node of a graph holds it."""
    lines = [traceback.FrameSummary(code.co_filename, line, code.co_name) for code, line, _ in stack]
    return "".join(traceback.StackSummary.from_list(lines).format())


def from_user(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the first frame of the user's on; all of it where there is none."""
    found = trace
    while found is not None and is_framework(found.tb_frame.f_code):
        found = found.tb_next
    return found or trace


def called_by_user(frames_up: int) -> bool:
    """Whether the frame `frames_up` above the caller runs the user's code."""
    return not is_framework(sys._getframe(frames_up + 1).f_code)


def called_for_user(frames_up: int) -> bool:
    """As above, or the frame runs Python's own library or NumPy on behalf of the user's code."""
    frame: FrameType | None = sys._getframe(frames_up + 1)
    while frame is not None and is_library(frame.f_code):
        frame = frame.f_back
    return frame is not None and not is_framework(frame.f_code)


def locals_on_line(frame: FrameType | None, limit: int = 12) -> dict[str, Any]:
    """The tensors and numbers that the expression at which `frame` is names. Holds no tensor."""
    if frame is None:
        return {}
    names = _names_on_line(frame.f_code, frame.f_lineno, frame.f_lasti)
    if not names:
        return {}
    seen: dict[str, Any] = {}
    live = frame.f_locals
    with without_function_modes():
        for name in names:
            if (value := live.get(name)) is not None and (told := describe_operand(value)) is not None:
                seen[name] = told
    if type(live) is dict and frame.f_code.co_flags & CO_OPTIMIZED and sys.getrefcount(live) <= _OWN_REFERENCES:
        live.clear()  # a copy that the frame would keep, with every tensor in it, until it returns
    return dict(list(seen.items())[:limit])


_OWN_REFERENCES = 3
"""The frame's, ours, and that of the call that counts. More, and the user's code has asked for its `locals()` too."""


@functools.lru_cache(4096)
def _names_on_line(code: CodeType, line: int, instruction: int) -> tuple[str, ...]:
    """The names in the source of the line, and of the lines its expression goes over."""
    first, last, _, _ = span(code, instruction)
    lines = range(min(first or line, line), max(last or line, line) + 1)
    text = " ".join(linecache.getline(code.co_filename, number).partition("#")[0] for number in lines)
    return tuple(dict.fromkeys(re.findall(r"(?<![.\w])[A-Za-z_]\w*", text)))


def describe_operand(value: Any) -> Any:
    """A tensor's dtype and sizes, a number as it is; None for what is no number."""
    if isinstance(value, torch.Tensor):
        return ObservedTensor(value.dtype, tuple(value.shape)) if value.layout is torch.strided else None
    return value if isinstance(value, (int, float, torch.SymInt, torch.SymFloat, torch.SymBool)) else None
