"""Expressions that are the same but for the numbers of their symbols."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SYMBOL = re.compile(r"\b(?:zuf|zf|[usz])\d+\b")


def canonical(expr: str, symbols: Mapping[str, str]) -> str:
    """The expression with each data-born symbol replaced by its birthplace.

    A loop makes a new symbol in every turn (`u0 > 5`, `u1 > 5`), born at the same place each time: one assumption. Two
    symbols of one expression that share a birthplace stay apart, and a symbol of unknown birth keeps its name, so that
    different guards never become one.
    """
    names: dict[str, str] = {}
    taken: dict[str, int] = {}

    def birthplace(match: re.Match[str]) -> str:
        symbol = match.group()
        if symbol not in names:
            born = symbols.get(symbol) if symbol.startswith(("u", "zuf")) else None
            if born is None:
                names[symbol] = symbol
            else:
                taken[born] = taken.get(born, 0) + 1
                names[symbol] = f"<{born}#{taken[born]}>"
        return names[symbol]

    return _SYMBOL.sub(birthplace, expr)
