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
    return any(
        _shows(node)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Expr, ast.Raise, ast.Assert))
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    )


def _shows(statement: ast.stmt) -> bool:
    """`print(…)`, `log.info(…)`, `raise E(f"…")`, `assert x, f"…"`, `check(x, f"…")`: the text is for a reader."""
    if isinstance(statement, (ast.Raise, ast.Assert)):
        return True
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name == "print" or (isinstance(call.func, ast.Attribute) and name in _LOG_METHODS):
        return True
    message = [*call.args[1:], *[k.value for k in call.keywords]]
    return any(word in name for word in ("check", "assert", "warn")) and any(
        isinstance(m, ast.JoinedStr) for m in message
    )


@functools.lru_cache(64)
def _parsed(file: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return None
