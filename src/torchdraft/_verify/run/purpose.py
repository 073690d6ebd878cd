"""Distinguishes exceptions that the model raises deliberately from errors of operations."""

from __future__ import annotations

import dis
from types import TracebackType

from torchdraft._source.locations import is_framework

_CHECKS = frozenset(f"_check{kind}" for kind in ("", "_with", "_is_size", "_index", "_value", "_type")) | {"_assert"}
"""Functions of torch that check a condition of the model's author."""


def raised_on_purpose(error: BaseException) -> bool:
    """True if `error` comes from a `raise` or an `assert` outside of torch, or from `torch._check`.

    Then the model rejects the input deliberately, and a program that accepts it has lost a check. An error of an
    operation is no such evidence, since a program may omit an unused operation.
    """
    last = _last(error.__traceback__)
    if last is None:
        return False
    code = last.tb_frame.f_code
    if is_framework(code.co_filename):
        return code.co_name in _CHECKS
    return dis.opname[code.co_code[last.tb_lasti]] == "RAISE_VARARGS"


def _last(traceback: TracebackType | None) -> TracebackType | None:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback
