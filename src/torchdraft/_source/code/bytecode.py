"""The position in the source of an instruction of Python's bytecode."""

from __future__ import annotations

import dis
from types import CodeType

from .per_code import cached_per_code

Span = tuple[int | None, int | None, int | None, int | None]
"""First line, last line, start column, end column."""

_TRUTH_TESTS = {
    number
    for name, number in dis.opmap.items()
    if ("JUMP" in name and "_IF_" in name) or name in ("TO_BOOL", "UNARY_NOT")
}


def tests_truth(code: CodeType, instruction: int) -> bool:
    """Whether the instruction tests the truth of the expression before it: for `if`, `while`, `and`, `not` …"""
    return instruction < len(bytecode(code)) and bytecode(code)[instruction] in _TRUTH_TESTS


def span(code: CodeType, instruction: int) -> Span:
    """The position of the expression that an instruction computes.

    The position of a jump is the whole statement; its condition is the result of the instruction before it.
    """
    place = instruction // 2 - (1 if tests_truth(code, instruction) else 0)
    known = _positions(code)
    return known[place] if 0 <= place < len(known) else (None, None, None, None)


@cached_per_code
def bytecode(code: CodeType) -> bytes:
    """`code.co_code`, cached: a code object builds it again at each access."""
    return code.co_code


@cached_per_code
def _positions(code: CodeType) -> tuple[Span, ...]:
    return tuple(code.co_positions())
