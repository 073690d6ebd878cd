"""The tensors and numbers that the running line names, without a reference to any of them."""

from __future__ import annotations

import functools
import linecache
import re
import sys
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType
from typing import Any

import torch

from torchdraft._source.code.bytecode import span
from torchdraft._torch.dispatch import without_function_modes
from torchdraft.model.events import ObservedTensor

MOST_OPERANDS = 12
"""Names of a line that an event records."""


def line_operands(frame: FrameType | None) -> dict[str, Any]:
    """Name → dtype and sizes, or number, for the names in the expression that `frame` evaluates."""
    if frame is None:
        return {}
    names = _names_on_line(frame.f_code, frame.f_lineno, frame.f_lasti)
    if not names:
        return {}
    found: dict[str, Any] = {}
    live = frame.f_locals
    with without_function_modes():
        for name in names:
            if (value := live.get(name)) is not None and (described := describe_operand(value)) is not None:
                found[name] = described
    if type(live) is dict and frame.f_code.co_flags & CO_OPTIMIZED and sys.getrefcount(live) <= _OWN_REFERENCES:
        live.clear()  # a copy that the frame would keep, with every tensor in it, until it returns
    return dict(list(found.items())[:MOST_OPERANDS])


_OWN_REFERENCES = 3
"""Of the frame, of this function, and of the call that counts. With more, the user's code has called `locals()` too."""


@functools.lru_cache(4096)
def _names_on_line(code: CodeType, line: int, instruction: int) -> tuple[str, ...]:
    """The names in the source of the line, and of the other lines of its expression."""
    first, last, _, _ = span(code, instruction)
    lines = range(min(first or line, line), max(last or line, line) + 1)
    text = " ".join(linecache.getline(code.co_filename, number).partition("#")[0] for number in lines)
    return tuple(dict.fromkeys(re.findall(r"(?<![.\w])[A-Za-z_]\w*", text)))


def describe_operand(value: Any) -> Any:
    """A tensor's dtype and sizes; a number as it is; None for anything else."""
    if isinstance(value, torch.Tensor):
        return ObservedTensor(value.dtype, tuple(value.shape)) if value.layout is torch.strided else None
    return value if isinstance(value, (int, float, torch.SymInt, torch.SymFloat, torch.SymBool)) else None
