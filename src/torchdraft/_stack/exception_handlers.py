"""Whether the model would catch an exception raised now."""

from __future__ import annotations

import dis
import sys
from types import CodeType, FrameType
from typing import Any

from .user_stack import frames_of_user


def model_would_catch(skip: int = 1) -> bool:
    """Whether a frame of the user's stands inside a `try` that has a handler."""
    return any(_handled(frame) for frame in frames_of_user(sys._getframe(skip)))


def _handled(frame: FrameType) -> bool:
    """Whether an exception in `frame` gets to a handler of its own."""
    place = id(frame.f_code), frame.f_lasti
    known = _HANDLED.get(place)
    if known is None:
        known = _HANDLED[place] = (_is_handled(frame.f_code, frame.f_lasti), frame.f_code)
    return known[0]


_HANDLED: dict[tuple[int, int], tuple[bool, CodeType]] = {}
"""By identity: a code object's own hash goes over all it holds. Those in here stay alive, and keep theirs."""


def _is_handled(code: CodeType, instruction: int) -> bool:
    """Whether an exception at `instruction` gets to a handler in `code` that is not the end of a `with` statement.

    Each instruction has the innermost handler only, from which the next one out is reached as from anywhere else.
    """
    bytecode: Any = dis.Bytecode(code)
    operations = {i.offset: i.opname for i in bytecode}
    seen: set[int] = set()
    while instruction not in seen:
        seen.add(instruction)
        target = next((e.target for e in bytecode.exception_entries if e.start <= instruction < e.end), None)
        if target is None:
            return False
        if operations.get(target) == "PUSH_EXC_INFO" and operations.get(target + 2) != "WITH_EXCEPT_START":
            return True
        instruction = target if operations.get(target) != "PUSH_EXC_INFO" else target + 2
    return False
