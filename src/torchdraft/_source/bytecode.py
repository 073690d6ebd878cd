"""What an instruction of Python's bytecode stands for in the source."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType

Span = tuple[int | None, int | None, int | None, int | None]
"""First line, last line, start column, end column."""

_ASKING = {
    number
    for name, number in dis.opmap.items()
    if ("JUMP" in name and "_IF_" in name) or name in ("TO_BOOL", "UNARY_NOT")
}


def asks_for_truth(code: CodeType, instruction: int) -> bool:
    """Whether the instruction takes the truth of what stands before it: an `if`, a `while`, an `and`, a `not` …"""
    return instruction < len(bytecode(code)) and bytecode(code)[instruction] in _ASKING


def span(code: CodeType, instruction: int) -> Span:
    """Where the expression stands that an instruction stands for.

    A jump stands for a whole statement; what it asks about is what the instruction before it made.
    """
    place = instruction // 2 - (1 if asks_for_truth(code, instruction) else 0)
    known = _positions(code)
    return known[place] if 0 <= place < len(known) else (None, None, None, None)


@lru_cache(256)
def bytecode(code: CodeType) -> bytes:
    """The code's bytes, which it makes anew each time it is asked for them."""
    return code.co_code


@lru_cache(256)
def _positions(code: CodeType) -> tuple[Span, ...]:
    return tuple(code.co_positions())
