"""The user's frames on the running stack, captured as code objects, lines and instructions.

Nothing is formatted here: that is done for the issues of a report. Frames of torchdraft and torch are skipped, so a
function of any depth may call these.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from torchdraft._torch.dispatch import current_module
from torchdraft._torch.dynamo import interpreted_frame
from torchdraft.model.events import Frame

from .frame_kinds import Kind, is_framework, is_library, kind_of
from .line_operands import line_operands

MOST_FRAMES = 32
_CALLED_BY_USER: tuple[Kind, ...] = ("layer", "torch_python")
_model_callers: list[FrameType] = []
"""The frames that called `forward` of the models being traced: above them are frames of torch and torchdraft alone."""


@contextmanager
def model_called_from(frame: FrameType) -> Iterator[None]:
    """In this block no frame above `frame` is the user's."""
    _model_callers.append(frame)
    try:
        yield
    finally:
        _model_callers.remove(frame)


class Walk(NamedTuple):
    """What is found on the running stack."""

    stack: tuple[Frame, ...]
    """The user's frames, outermost first."""
    innermost: FrameType | None
    """The innermost of them that really runs, which those that Dynamo interprets do not."""
    inside: Frame | None
    """The innermost frame of torch's Python code that the user's innermost line called."""


def user_stack() -> tuple[Frame, ...]:
    """The user's frames inside the traced call, outermost first."""
    return _walked(sys._getframe(1)).stack


def user_walk() -> Walk:
    """The user's frames inside the traced call, and the frame of torch's Python code that they called."""
    return _walked(sys._getframe(1))


def innermost_user_frame() -> FrameType | None:
    """The innermost frame that runs the user's code inside the traced call. None where Dynamo interprets that code."""
    return _walked(sys._getframe(1)).innermost


def here() -> dict[str, Any]:
    """The fields that locate an event: the user's stack, torch's Python code that it called, the submodule, and the
    operands of the user's line.
    """
    stack, frame, inside = _walked(sys._getframe(1))
    return {"stack": stack, "inside": inside, "module": current_module(), "locals": line_operands(frame)}


def frames_of_user(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames that run the user's code inside the traced call, from `frame` outwards."""
    end = _model_callers[-1] if _model_callers else None
    while frame is not None and frame is not end:
        kind = kind_of(frame.f_code)
        if kind == "entry":
            return
        if kind == "user":
            yield frame
        frame = frame.f_back


def frames_of_call(frame: FrameType | None) -> Iterator[FrameType]:
    """All frames inside the traced call, from `frame` outwards."""
    end = _model_callers[-1] if _model_callers else None
    while frame is not None and frame is not end and kind_of(frame.f_code) != "entry":
        yield frame
        frame = frame.f_back


def _walked(frame: FrameType | None) -> Walk:
    """What is found from `frame` outwards.

    Where the whole model is a module of torch, no frame is the user's; the frames of torch's layers take their place.
    """
    found = _walked_up(frame, ("user",))
    return found if found.stack or not _model_callers else _walked_up(frame, ("user", "layer"))


def _walked_up(frame: FrameType | None, kinds: tuple[Kind, ...]) -> Walk:
    found: list[Frame] = []
    innermost: FrameType | None = None
    inside: Frame | None = None
    end = _model_callers[-1] if _model_callers else None
    while frame is not None and frame is not end:
        kind = kind_of(frame.f_code)
        if kind == "framework":  # most frames of a trace
            frame = frame.f_back
            continue
        place: Frame | None = (frame.f_code, frame.f_lineno, frame.f_lasti)
        if kind == "dynamo":
            place = interpreted_frame(frame)
        of: Kind = kind_of(place[0]) if place is not None else "framework"
        if place is not None and of in (kinds if kind != "dynamo" else ("user",)):
            innermost = innermost or (frame if kind != "dynamo" else None)
            found.append(place)
            if len(found) == MOST_FRAMES:
                break
        elif of in _CALLED_BY_USER and not found and inside is None:
            inside = place
        elif kind == "logging":
            found.clear()  # a log handler acts for the line that logs
            innermost = inside = None
        elif kind == "entry":
            break
        frame = frame.f_back
    runs = bool(found) and innermost is not None and found[0][0] is innermost.f_code
    return Walk(tuple(reversed(found)), innermost if runs else None, inside if found else None)


def formatted(stack: tuple[Frame, ...]) -> str:
    """A stack in the format of a traceback, in which a graph node holds it (`stack_trace`)."""
    lines = [traceback.FrameSummary(code.co_filename, line, code.co_name) for code, line, _ in stack]
    return "".join(traceback.StackSummary.from_list(lines).format())


def from_user(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the user's first frame on; all of it where no frame is the user's."""
    found = trace
    while found is not None and is_framework(found.tb_frame.f_code):
        found = found.tb_next
    return found or trace


def called_by_user(frames_up: int) -> bool:
    """Whether the frame `frames_up` above the caller runs the user's code."""
    return not is_framework(sys._getframe(frames_up + 1).f_code)


def called_for_user(frames_up: int) -> bool:
    """As above, or the frame runs Python's library or NumPy on behalf of the user's code."""
    frame: FrameType | None = sys._getframe(frames_up + 1)
    while frame is not None and is_library(frame.f_code):
        frame = frame.f_back
    return frame is not None and not is_framework(frame.f_code)
