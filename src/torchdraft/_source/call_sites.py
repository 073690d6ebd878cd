"""Keys of places in the user's code, equal for the same place."""

from __future__ import annotations

import ast
import dis
from collections.abc import Sequence
from types import CodeType

from torchdraft.model.events import Frame

from .code.bytecode import Span, bytecode, span, tests_truth
from .code.per_code import cached_per_code, code_key
from .locations import LineOnly
from .syntax import parsed

_PREPARES_CALL, _CALL = dis.opmap.get("PRECALL"), dis.opmap.get("CALL")


def place_of(stack: Sequence[Frame | LineOnly], module: str = "") -> tuple[object, ...]:
    """A key of the frames; for a submodule, of those from its `forward` on.

    Repeated layers may be called from one line or from several lines, and their places are the same.
    """
    names = [frame[0].co_name for frame in stack]
    start = len(names) - 1 - names[::-1].index("forward") if module and "forward" in names else 0
    return tuple(
        (code_key(code), line, *[expression(code, i) for i in instruction])
        for code, line, *instruction in stack[start:]
    )


def knows_instruction(stack: Sequence[Frame | LineOnly]) -> bool:
    """Whether the innermost frame has a valid instruction, and not only a line."""
    return bool(stack) and len(stack[-1]) > 2 and 0 <= stack[-1][2] < len(bytecode(stack[-1][0]))


@cached_per_code
def expression(code: CodeType, instruction: int) -> tuple[object, ...]:
    """A key of the expression that an instruction computes.

    The columns alone are not enough: the comparisons of `0 < x < 9` share them. Neither is the instruction: a `while`
    tests its condition in two of them, before the first turn and after each turn.
    """
    if instruction % 2 or instruction >= len(bytecode(code)):
        return (instruction,)
    instruction = _as_call(code, instruction)
    kind, where = _kind(code, instruction), span(code, instruction)
    similar = _instructions(code)[kind, where]
    number = similar.index(instruction)
    if len(similar) % 2 == 0 and _in_condition_of_while(code, where):
        number %= len(similar) // 2
    return (kind, *where, number)


def _as_call(code: CodeType, instruction: int) -> int:
    """The instruction, or the call that it prepares. Python 3.11 makes a call in either of two instructions, which
    depends on how often it ran before.
    """
    if bytecode(code)[instruction] != _PREPARES_CALL:
        return instruction
    return next((n for n in range(instruction, len(bytecode(code)), 2) if bytecode(code)[n] == _CALL), instruction)


@cached_per_code
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
    if first is None or last is None or start is None or end is None:
        return False
    return any(
        (test.lineno, test.col_offset) <= (first, start)
        and (last, end) <= (test.end_lineno or 0, test.end_col_offset or 0)
        for test in _conditions_of_while(code)
    )


@cached_per_code
def _conditions_of_while(code: CodeType) -> tuple[ast.expr, ...]:
    """The conditions of the `while` loops in the file of a code object."""
    tree = parsed(code.co_filename)
    nodes = ast.walk(tree) if tree is not None else ()
    return tuple(node.test for node in nodes if isinstance(node, ast.While))
