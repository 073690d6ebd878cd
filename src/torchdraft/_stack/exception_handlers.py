"""Whether the model would catch an exception that is raised now."""

from __future__ import annotations

import dis
import sys
from types import CodeType, FrameType
from typing import Any

from .user_stack import frames_of_user


def model_would_catch() -> bool:
    """Whether one of the user's frames is inside a `try` statement that has an `except` clause."""
    return any(_handled(frame) for frame in frames_of_user(sys._getframe(1)))


def _handled(frame: FrameType) -> bool:
    """Whether an exception in `frame` reaches an `except` clause of that frame."""
    place = id(frame.f_code), frame.f_lasti
    known = _HANDLED.get(place)
    if known is None:
        known = _HANDLED[place] = (_is_handled(frame.f_code, frame.f_lasti), frame.f_code)
    return known[0]


_HANDLED: dict[tuple[int, int], tuple[bool, CodeType]] = {}
"""Identity of a code object, and instruction → whether it is handled, and the code, kept alive for its identity."""


def _is_handled(code: CodeType, instruction: int) -> bool:
    """Whether an exception at `instruction` reaches a handler in `code` that is not the end of a `with` statement.

    The exception table names the innermost handler of an instruction; the next one is found from that handler.
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
