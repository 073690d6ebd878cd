"""Finds the lines of the statement, and the function, that a line of a source file belongs to."""

from __future__ import annotations

import ast
from collections.abc import Iterator


class Statements:
    """The statements of one file. A file that is not Python has none."""

    def __init__(self, text: str) -> None:
        try:
            tree: ast.AST = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            tree = ast.Module([], [])
        self._spans = sorted(_spans(tree), key=lambda span: (span[0], -span[1]))

    def around(self, line: int) -> tuple[int, int]:
        """First and last line of the innermost statement, or header of a compound one, that has the line."""
        found = [span for span in self._spans if span[0] <= line <= span[1]]
        return min(found, key=lambda span: span[1] - span[0], default=(line, line))


def _spans(tree: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        body = getattr(node, "body", None) or getattr(node, "cases", None)
        if not body:
            yield node.lineno, node.end_lineno or node.lineno
            continue
        header = [part.end_lineno for part in _header(node) if part.end_lineno is not None]
        yield node.lineno, max([node.lineno, *header])


def _header(node: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a compound statement that stand before its body."""
    for name in ("test", "iter", "target", "subject", "returns"):
        part = getattr(node, name, None)
        if isinstance(part, ast.expr):
            yield part
    for item in getattr(node, "items", ()):
        yield item.context_expr
