"""Which local names of a function can still be read behind an instruction.

A name that is assigned before it is read again holds nothing that matters: the name of the last turn's element in a
loop, or an intermediate result.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

_SEES_ALL = frozenset({"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe", "stack"})
"""Global names and attributes with which a function reads names that its instructions do not name."""

_ENDS = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE")
_READS = ("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW", "DELETE_FAST")
_WRITES = ("STORE_FAST",)


def can_be_read(code: CodeType, offset: int) -> frozenset[str] | None:
    """The plain local names that may be read behind the instruction at an offset; None where that is not known."""
    found = _after(code)
    return None if found is None else found.get(offset)


@lru_cache(4096)
def _after(code: CodeType) -> Mapping[int, frozenset[str]] | None:
    """Offset → the names that may be read behind it, for each instruction."""
    if not _SEES_ALL.isdisjoint(code.co_names):
        return None
    listing = dis.Bytecode(code)
    entries = getattr(listing, "exception_entries", None)
    instructions = list(listing)
    known = all("_FAST" not in each.opname or each.opname in (*_READS, *_WRITES) for each in instructions)
    if entries is None or not known:
        return None
    following = {each.offset: list(_following(each, after)) for each, after in _pairs(instructions)}
    for entry in entries:
        for offset in following:
            if entry.start <= offset < entry.end:
                following[offset].append(entry.target)
    return _solved(instructions, following)


def _pairs(instructions: list[dis.Instruction]) -> Iterator[tuple[dis.Instruction, int | None]]:
    ends: list[int | None] = [each.offset for each in instructions[1:]]
    return zip(instructions, [*ends, None], strict=True)


def _following(each: dis.Instruction, after: int | None) -> Iterator[int]:
    """The offsets of the instructions that may run after an instruction, exceptions aside."""
    jumps = each.opcode in dis.hasjrel or each.opcode in dis.hasjabs
    if jumps:
        yield each.argval
    goes_on = each.opname not in _ENDS and not (jumps and each.opname.startswith(_ALWAYS))
    if goes_on and after is not None:
        yield after


_ALWAYS = ("JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_ABSOLUTE", "JUMP_NO_INTERRUPT")


def _solved(instructions: list[dis.Instruction], following: Mapping[int, list[int]]) -> dict[int, frozenset[str]]:
    behind: dict[int, frozenset[str]] = {each.offset: frozenset() for each in instructions}
    before = dict(behind)
    changed = True
    while changed:
        changed = False
        for each in reversed(instructions):
            read: Any = frozenset().union(*(before[next_one] for next_one in following[each.offset]))
            behind[each.offset] = read
            if each.opname in _WRITES:
                read = read - {each.argval}
            elif each.opname in _READS:
                read = read | {each.argval}
            if read != before[each.offset]:
                before[each.offset], changed = read, True
    return behind
