"""Tells whether a read was made only to be shown: the argument of a `print` or of a logging call."""

from __future__ import annotations

import ast
import functools
import linecache
from types import FrameType

from .stacks import innermost_user_frame

_LOG_METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log", "warn", "write"}


def read_is_only_shown() -> bool:
    """Whether the statement the user's code is at does nothing but show something."""
    frame = innermost_user_frame(2)
    return frame is not None and _is_shown(frame)


def _is_shown(frame: FrameType) -> bool:
    tree = _parsed(frame.f_code.co_filename)
    if tree is None:
        return False
    line = frame.f_lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and node.lineno <= line <= (node.end_lineno or node.lineno):
            return isinstance(node.value, ast.Call) and _shows(node.value.func)
    return False


def _shows(func: ast.expr) -> bool:
    if isinstance(func, ast.Name):
        return func.id == "print"
    return isinstance(func, ast.Attribute) and func.attr in _LOG_METHODS


@functools.lru_cache(64)
def _parsed(file: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return None
