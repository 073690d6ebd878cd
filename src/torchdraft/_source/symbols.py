"""Expressions that are the same but for the numbers of their symbols."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torchdraft.model.events import SymbolOrigin

from .call_sites import place_of

SYMBOL = re.compile(r"\b(?:zuf|zf|[usz])\d+\b")


_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?\b")


def canonical(expr: Any, symbols: Mapping[str, SymbolOrigin | str], *, any_number: bool = False) -> str:
    """The expression with each data-born symbol replaced by its birthplace, and numbers by a sign for any.

    A loop makes a new symbol in every turn (`u0 > 5`, `u1 > 5`), born at the same place each time: one assumption. Two
    symbols of one expression that share a birthplace stay apart, and a symbol of unknown birth keeps its name, so that
    different guards never become one. `any_number` is for expressions of one place in the source: `step < n.item()` in
    a loop is `0 < u0`, then `1 < u0`.
    """
    names: dict[str, str] = {}
    taken: dict[str, int] = {}

    def birthplace(match: re.Match[str]) -> str:
        symbol = match.group()
        if symbol not in names:
            born = _key(symbols.get(symbol)) if symbol.startswith(("u", "zuf")) else ""
            if not born:
                names[symbol] = symbol
            else:
                taken[born] = taken.get(born, 0) + 1
                names[symbol] = f"<{born}#{taken[born]}>"
        return names[symbol]

    return SYMBOL.sub(birthplace, _NUMBER.sub("N", str(expr)) if any_number else str(expr))


def _key(birth: SymbolOrigin | str | None) -> str:
    """Tells births apart. The elements of one list are born at one place: a loop over them makes one guard."""
    if birth is None or isinstance(birth, str):
        return birth or ""
    return f"{birth.op} {place_of(birth.stack, birth.op)}" if birth.stack else ""
