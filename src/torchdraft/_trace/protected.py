"""Whether the model would catch an exception raised now."""

from __future__ import annotations

import dis
import sys
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

from .stacks import is_draft_export, is_framework


def model_would_catch(skip: int = 1) -> bool:
    """Whether a frame of the user's stands inside a `try` that has a handler."""
    frame: FrameType | None = sys._getframe(skip)
    while frame is not None and not is_draft_export(frame.f_code):
        if not is_framework(frame.f_code) and _handled(frame.f_code, frame.f_lasti):
            return True
        frame = frame.f_back
    return False


@lru_cache(maxsize=4096)
def _handled(code: CodeType, instruction: int) -> bool:
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
