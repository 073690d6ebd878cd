"""Dynamo: strict export makes its fake mode inside; here it makes ours, and says where in the user's code it is.

Nothing here imports Dynamo before it is used: that costs a second, and most drafts never need it.
"""

from __future__ import annotations

import os
import re
import sys
from types import CodeType, FrameType
from typing import Any

UserFrame = tuple[CodeType, int, int]
"""Code, line and instruction, as in `torchdraft.model.events.Frame`."""


def _plain(variable: Any) -> Any:
    """The value behind a variable of Dynamo's; its type's name where it has no plain one."""
    try:
        return variable.as_python_constant()
    except Exception:
        return getattr(variable, "python_type_name", lambda: "?")()


def stack_where_it_gave_up(error: BaseException) -> tuple[UserFrame, ...]:
    """The user's frames that Dynamo interpreted when it raised `error`, outermost first."""
    stack = getattr(error, "real_stack", None)
    return _frames(stack) if stack else ()


def reason_it_gave_up(error: BaseException) -> str:
    """Dynamo's headline and, on one line, its explanation."""
    head, _, rest = str(error).strip().partition("\n")
    told = re.search(r"Explanation: (.*?)(?:\n\s*\n|\n\s*Hint:|$)", rest, re.DOTALL)
    return " ".join(f"{head}: {told[1]}".split()) if told else head


def _frames(summary: Any) -> tuple[UserFrame, ...]:
    """Dynamo keeps names and lines, not code objects; an empty function's code lends itself to them."""
    return tuple((_code(f.filename, f.name), f.lineno or 0, _NO_INSTRUCTION) for f in summary)


def _code(file: str, name: str) -> CodeType:
    return (lambda: None).__code__.replace(co_filename=file, co_name=name, co_qualname=name)


_NO_INSTRUCTION = 1 << 30


def interpreted(frame: FrameType) -> UserFrame | None:
    """The user's code, line and instruction that Dynamo interprets in `frame`, if `frame` is Dynamo's interpreter."""
    code = frame.f_code
    if code.co_name != "run" or not code.co_filename.endswith(_INTERPRETER):
        return None
    translator = frame.f_locals.get("self")
    user_code, line = getattr(translator, "f_code", None), getattr(translator, "lineno", -1)
    if not isinstance(user_code, CodeType):
        return None
    instruction = getattr(getattr(translator, "current_instruction", None), "offset", None)
    return user_code, line, instruction or 0


_INTERPRETER = os.path.join("torch", "_dynamo", "symbolic_convert.py")


def dynamo_tracer() -> Any:
    """What writes down the operations Dynamo sees now: the graph's, or that of a branch in it; None outside Dynamo."""
    module: Any = sys.modules.get("torch._dynamo.symbolic_convert")
    translator = getattr(module.tls, "current_tx", None) if module is not None else None
    return translator.output.current_tracer if translator is not None else None
