"""Which instruction a frame runs, whatever the interpreter has made of it."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType

_MERGED_WITH_CALL = "PRECALL"
"""Once a call has run several times, Python 3.11 performs it in the instruction that prepares it, and `f_lasti` is the
offset of that one instead of the call's."""


def instruction(code: CodeType, lasti: int) -> int:
    """The offset of the instruction at `f_lasti`, the same for every run of the code."""
    return _calls(code).get(lasti, lasti)


@lru_cache(4096)
def _calls(code: CodeType) -> dict[int, int]:
    """Offset of an instruction that prepares a call → offset of the call."""
    found = [(each.offset, each.opname) for each in dis.get_instructions(code)]
    pairs = zip(found, found[1:], strict=False)
    return {offset: following for (offset, name), (following, _) in pairs if name == _MERGED_WITH_CALL}
