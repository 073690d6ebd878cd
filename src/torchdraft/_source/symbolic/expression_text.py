"""The text of symbolic expressions, printed once for each part.

A trace of a model that computes sizes step by step has hundreds of conditions about expressions that grow from one to
the next. sympy prints each from scratch, and sorts the terms of each sum anew: for transformers' Mimi that was a third
of the time of a draft.
"""

from __future__ import annotations

from functools import cache
from typing import Any

MOST_KNOWN = 1 << 16
"""Parts of expressions whose text is remembered; beyond it all are forgotten."""


def is_expression(value: Any) -> bool:
    """Whether a value is an expression of sympy. `hasattr` on the value itself would collect its symbols."""
    return hasattr(type(value), "free_symbols")


def text_of(value: Any) -> str:
    """`str(value)`, for an expression of sympy, a symbolic number of torch or anything else."""
    expr = value.node.expr if hasattr(type(value), "__sym_max__") else value
    if not is_expression(expr):
        return str(value)
    text: str = _printer().doprint(expr)
    return text


@cache
def _printer() -> Any:
    from sympy import Basic, Float
    from sympy.printing.str import StrPrinter

    class Remembering(StrPrinter):
        """sympy's printer of `str`, with a memory of the parts it has printed."""

        known: dict[Any, str]

        def _print(self, expr: Any, **options: Any) -> str:
            # A lone float has all its digits, and fewer as a part of an expression.
            if options or not isinstance(expr, Basic) or isinstance(expr, Float):
                return str(super()._print(expr, **options))
            text = self.known.get(expr)
            if text is None:
                if len(self.known) >= MOST_KNOWN:
                    self.known.clear()
                text = self.known[expr] = str(super()._print(expr))
            return text

    printer = Remembering()
    printer.known = {}
    return printer
