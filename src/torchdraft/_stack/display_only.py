"""Whether a read only serves to display something: the argument of a `print` or of a logging call."""

from __future__ import annotations

import ast
from functools import lru_cache
from itertools import islice
from types import CodeType

from torchdraft._source.syntax import parsed

from .user_stack import innermost_user_frame

_LOG_METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log", "warn", "write"}


def read_is_only_displayed() -> bool:
    """Whether the statement that the user's code executes only displays something."""
    frame = innermost_user_frame()
    return frame is not None and _is_displayed(frame.f_code, frame.f_lineno, frame.f_lasti)


@lru_cache(4096)
def _is_displayed(code: CodeType, line: int, instruction: int) -> bool:
    tree = parsed(code.co_filename)
    if tree is None:
        return False
    return any(
        _displays(node, code, instruction)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Expr, ast.Raise, ast.Assert))
        and node.lineno <= line <= (node.end_lineno or node.lineno)
    )


def _displays(statement: ast.stmt, code: CodeType, instruction: int) -> bool:
    """`print(…)`, `log.info(…)`, `raise E(f"…")`, `assert x, f"…"`, `check(x, f"…")`: a person reads the text."""
    if isinstance(statement, ast.Assert):
        return statement.msg is not None and _belongs_to(statement.msg, code, instruction)
    if isinstance(statement, ast.Raise):
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


def _belongs_to(part: ast.expr, code: CodeType, instruction: int) -> bool:
    """Whether the instruction belongs to `part` of its statement."""
    line, _, column, _ = next(islice(code.co_positions(), instruction // 2, None))
    if line is None or column is None:
        return False
    end = (part.end_lineno or line, part.end_col_offset or 0)
    return (part.lineno, part.col_offset) <= (line, column) < end
