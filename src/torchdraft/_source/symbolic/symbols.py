"""Compares expressions regardless of the numbers in the names of their symbols."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torchdraft.model.events import SymbolOrigin

from ..call_sites import place_of
from .expression_text import text_of

SYMBOL = re.compile(r"\b(?:zuf|zf|[usz])\d+\b")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?\b")


def canonical(expr: Any, symbols: Mapping[str, SymbolOrigin | str], *, any_number: bool = False) -> str:
    """The expression with each unbacked symbol replaced by its origin and, with `any_number`, each number by `N`.

    A loop creates a new symbol in every turn (`u0 > 5`, `u1 > 5`) with the same origin: this is one assumption. Two
    symbols of one expression with the same origin stay distinct, and a symbol of unknown origin keeps its name, so that
    different guards stay different. `any_number` is for expressions of one place in the source: `step < n.item()` in a
    loop is `0 < u0`, then `1 < u0`.
    """
    text = text_of(expr)
    names: dict[str, str] = {}
    counts: dict[str, int] = {}

    def replaced(match: re.Match[str]) -> str:
        symbol = match.group()
        if symbol not in names:
            origin = _key(symbols.get(symbol)) if symbol.startswith(("u", "zuf")) else ""
            if not origin:
                names[symbol] = symbol
            else:
                counts[origin] = counts.get(origin, 0) + 1
                names[symbol] = f"<{origin}#{counts[origin]}>"
        return names[symbol]

    return SYMBOL.sub(replaced, _NUMBER.sub("N", text) if any_number else text)


def _key(origin: SymbolOrigin | str | None) -> str:
    """A key of the origin. All elements of one list have the same: a loop over them makes one guard."""
    if origin is None or isinstance(origin, str):
        return origin or ""
    if not origin.stack:
        return ""
    inside = place_of([origin.inside]) if origin.inside is not None else ""
    return f"{origin.op} {place_of(origin.stack, origin.op)}{inside}"
