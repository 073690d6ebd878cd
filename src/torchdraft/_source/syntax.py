"""Syntax trees of source files, each parsed once."""

from __future__ import annotations

import ast
import functools
import linecache
from itertools import islice
from types import CodeType
from typing import Any


def parsed(file: str) -> ast.Module | None:
    """The syntax tree of a source file, or None if it does not exist or is not valid Python."""
    return _parsed("".join(linecache.getlines(file)))


@functools.lru_cache(64)
def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def enclosing_calls(code: CodeType, instruction: int) -> list[ast.Call]:
    """The calls that have the expression of an instruction among their arguments, innermost first."""
    tree = parsed(code.co_filename)
    place = next(islice(code.co_positions(), instruction // 2, None), None)
    if tree is None or place is None:
        return []
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        arguments = [*call.args, *[keyword.value for keyword in call.keywords]]
        if any(_place(inner) == place for argument in arguments for inner in ast.walk(argument)):
            found.append(call)
    return sorted(found, key=lambda call: len(ast.unparse(call)))


def _place(node: Any) -> tuple[int, int, int, int] | None:
    if not isinstance(node, ast.expr):
        return None
    return node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0
