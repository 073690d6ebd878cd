"""Which instruction a frame runs, whatever the interpreter has made of it."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType

_PREPARES_CALL = "PRECALL"
"""Once a call has run several times, Python 3.11 performs it in the instruction that prepares it."""


def instruction(code: CodeType, lasti: int) -> int:
    """The offset of the instruction at `f_lasti`, the same in every run of the code.

    The interpreter may stand behind the instruction, where it caches what it has learned of it, or at another one that
    does the work of two.
    """
    return _places(code).get(lasti, lasti)


@lru_cache(4096)
def loops_around(code: CodeType, offset: int) -> frozenset[tuple[int, int]]:
    """The loops of a function that an instruction is in, each as the offsets of its first and last instruction."""
    return frozenset((first, last) for first, last in _loops(code) if first <= offset <= last)


@lru_cache(4096)
def _loops(code: CodeType) -> tuple[tuple[int, int], ...]:
    jumps = (each for each in dis.get_instructions(code) if "JUMP" in each.opname and isinstance(each.argval, int))
    return tuple((each.argval, each.offset) for each in jumps if each.argval <= each.offset)


@lru_cache(4096)
def _places(code: CodeType) -> dict[int, int]:
    """Offset of an instruction that prepares a call, or of a cache → offset of the instruction that it belongs to."""
    found = [(each.offset, each.opname) for each in dis.get_instructions(code)]
    ends = [offset for offset, _ in found[1:]] + [len(code.co_code)]
    places: dict[int, int] = {}
    for place, ((offset, name), end) in enumerate(zip(found, ends, strict=True)):
        owner = found[place + 1][0] if name == _PREPARES_CALL and place + 1 < len(found) else offset
        places |= {inside: owner for inside in range(offset, end, 2) if inside != owner}
    return places
