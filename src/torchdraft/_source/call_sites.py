"""Keys of places in the user's code, equal for the same place."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache
from types import CodeType

from torchdraft.model.events import Frame

from .bytecode import Span, bytecode, span, tests_truth
from .locations import LineOnly
from .syntax import parsed


def place_of(stack: Sequence[Frame | LineOnly], module: str = "") -> tuple[object, ...]:
    """A key of the frames; for a submodule, of those from its `forward` on.

    Repeated layers may be called from one line or from several lines, and their places are the same.
    """
    names = [frame[0].co_name for frame in stack]
    start = len(names) - 1 - names[::-1].index("forward") if module and "forward" in names else 0
    return tuple(
        (code, line, *[expression(code, i) for i in instruction]) for code, line, *instruction in stack[start:]
    )


def knows_instruction(stack: Sequence[Frame | LineOnly]) -> bool:
    """Whether the innermost frame has a valid instruction, and not only a line."""
    return bool(stack) and len(stack[-1]) > 2 and 0 <= stack[-1][2] < len(bytecode(stack[-1][0]))


@lru_cache(4096)
def expression(code: CodeType, instruction: int) -> tuple[object, ...]:
    """A key of the expression that an instruction computes.

    The columns alone are not enough: the comparisons of `0 < x < 9` share them. Neither is the instruction: a `while`
    tests its condition in two of them, before the first turn and after each turn.
    """
    if instruction % 2 or instruction >= len(bytecode(code)):
        return (instruction,)
    kind, where = _kind(code, instruction), span(code, instruction)
    similar = _instructions(code)[kind, where]
    number = similar.index(instruction)
    if len(similar) % 2 == 0 and _in_condition_of_while(code, where):
        number %= len(similar) // 2
    return (kind, *where, number)


@lru_cache(256)
def _instructions(code: CodeType) -> dict[tuple[int, Span], list[int]]:
    """Kind and columns → the offsets of the instructions that have both."""
    found: dict[tuple[int, Span], list[int]] = {}
    for offset in range(0, len(bytecode(code)), 2):
        found.setdefault((_kind(code, offset), span(code, offset)), []).append(offset)
    return found


def _kind(code: CodeType, instruction: int) -> int:
    """The operation code; -1 for every one that tests a truth value."""
    return -1 if tests_truth(code, instruction) else bytecode(code)[instruction]


def _in_condition_of_while(code: CodeType, where: Span) -> bool:
    first, last, start, end = where
    tree = parsed(code.co_filename)
    if tree is None or first is None or last is None or start is None or end is None:
        return False
    return any(
        (node.test.lineno, node.test.col_offset) <= (first, start)
        and (last, end) <= (node.test.end_lineno or 0, node.test.end_col_offset or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.While)
    )
