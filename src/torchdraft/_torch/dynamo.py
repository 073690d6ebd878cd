"""Dynamo: which user code it interprets, and where and why it failed."""

from __future__ import annotations

import re
import sys
from types import CodeType, FrameType
from typing import Any

from . import files
from .probe import need

UserFrame = tuple[CodeType, int, int]
"""Code object, line and instruction, as in `torchdraft.model.events.Frame`."""


def collect_numpy_functions() -> None:
    """Makes Dynamo collect the identities of NumPy's functions, unless it has. It does so once in a process, at first
    use; if a draft has replaced some of the functions then, Dynamo does not know the originals from then on.
    """
    need("torch._dynamo.trace_rules:_numpy_function_ids")()


def collect_torch_functions() -> None:
    """The same for torch's functions."""
    need("torch._dynamo.trace_rules:get_torch_obj_rule_map")()
    need("torch._dynamo.variables.torch:constant_fold_functions")


def plain_value(variable: Any) -> Any:
    """The value of a Dynamo variable; the name of its type where it is no Python constant."""
    try:
        return variable.as_python_constant()
    except Exception:
        return getattr(variable, "python_type_name", lambda: "?")()


def failure_stack(error: BaseException) -> tuple[UserFrame, ...]:
    """The user's frames that Dynamo was interpreting when it raised `error`, outermost first."""
    stack = getattr(error, "real_stack", None)
    return frames_of(stack) if stack else ()


def failure_reason(error: BaseException) -> str:
    """The first line of Dynamo's message and its explanation, on one line."""
    head, _, rest = str(error).strip().partition("\n")
    explanation = re.search(r"Explanation: (.*?)(?:\n\s*\n|\n\s*Hint:|$)", rest, re.DOTALL)
    return " ".join(f"{head}: {explanation[1]}".split()) if explanation else head


def frames_of(summary: Any) -> tuple[UserFrame, ...]:
    """Dynamo stores names and lines, no code objects; each frame gets the code of an empty function with its name."""
    return tuple((_code(f.filename, f.name), f.lineno or 0, _NO_INSTRUCTION) for f in summary)


def _code(file: str, name: str) -> CodeType:
    return (lambda: None).__code__.replace(co_filename=file, co_name=name, co_qualname=name)


_NO_INSTRUCTION = 1 << 30


def interpreted_frame(frame: FrameType) -> UserFrame | None:
    """The user's code, line and instruction that Dynamo interprets in `frame`; None for a frame of other code."""
    code = frame.f_code
    if code.co_name != "run" or code.co_filename != files.DYNAMO_INTERPRETER:
        return None
    translator = frame.f_locals.get("self")
    user_code, line = getattr(translator, "f_code", None), getattr(translator, "lineno", -1)
    if not isinstance(user_code, CodeType):
        return None
    instruction = getattr(getattr(translator, "current_instruction", None), "offset", None)
    return user_code, line, instruction or 0


def dynamo_tracer() -> Any:
    """The tracer of the graph that Dynamo adds operations to now, or of a branch in it; None outside of Dynamo."""
    module: Any = sys.modules.get("torch._dynamo.symbolic_convert")
    translator = getattr(module.tls, "current_tx", None) if module is not None else None
    return translator.output.current_tracer if translator is not None else None
