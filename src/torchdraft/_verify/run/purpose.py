"""Tells an exception that somebody wrote down from one that an operation ran into."""

from __future__ import annotations

import dis
from types import TracebackType

from torchdraft._source.locations import is_framework

_CHECKS = frozenset(f"_check{kind}" for kind in ("", "_with", "_is_size", "_index", "_value", "_type")) | {"_assert"}
"""Functions of torch's that raise what the model's author asked for."""


def raised_on_purpose(error: BaseException) -> bool:
    """Whether `error` comes from a `raise` or an `assert` outside of torch, or from `torch._check`.

    A model that refuses an input that way means to: a program that takes it has lost something. An operation that can't
    be computed says less, since a program may have left out what nobody used.
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
