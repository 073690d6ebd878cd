"""Captured frames → locations in the user's code."""

from __future__ import annotations

import dis
import importlib.util
import linecache
import os
import sysconfig
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, TracebackType

from torchdraft._trace.events import Frame
from torchdraft.model import Location

Span = tuple[int | None, int | None, int | None, int | None]
"""First line, last line, start column, end column."""
LineOnly = tuple[CodeType, int]
"""A frame whose instruction nobody knows: its location has no columns."""


def user_frames(stack: Sequence[Frame | LineOnly]) -> tuple[Location, ...]:
    """The stack without the framework's frames; all of it where nothing else would be left."""
    theirs = [frame for frame in stack if not is_framework(frame[0].co_filename)]
    return tuple(_located(frame) for frame in theirs or stack)


def user_frames_of(error: BaseException) -> tuple[Location, ...]:
    """The user's frames of the traceback that `error` carries, outermost first."""
    return user_frames(_frames(error.__traceback__))


@lru_cache(maxsize=4096)
def is_framework(filename: str) -> bool:
    """Whether a frame of that file is torch's, torchdraft's, NumPy's, Python's own, or code that no file holds."""
    if filename.startswith("<") and not filename.startswith(("<stdin", "<ipython", "<doctest")):
        return True
    if filename.startswith(sysconfig.get_path("stdlib") + os.sep):
        return f"-packages{os.sep}" not in filename
    return filename.startswith(_framework_folders())


@lru_cache(maxsize=1)
def _framework_folders() -> tuple[str, ...]:
    """torch is found without being imported: a report can be made and read where torch is not."""
    specs = [importlib.util.find_spec(name) for name in ("torch", "numpy")]
    own = str(Path(__file__).parent.parent) + os.sep
    return own, *[os.path.dirname(spec.origin) + os.sep for spec in specs if spec is not None and spec.origin]


def _frames(traceback: TracebackType | None) -> list[Frame]:
    found = []
    while traceback is not None:
        found.append((traceback.tb_frame.f_code, traceback.tb_lineno, traceback.tb_lasti))
        traceback = traceback.tb_next
    return found


def _located(frame: Frame | LineOnly) -> Location:
    code, line = frame[0], frame[1]
    source = linecache.getline(code.co_filename, line).rstrip()
    columns = _columns(code, frame[2], line, source) if len(frame) > 2 else (None, None)
    return Location(code.co_filename, line, code.co_qualname, source, *columns)


def asks_for_truth(code: CodeType, instruction: int) -> bool:
    """Whether the instruction takes the truth of what stands before it: an `if`, a `while`, an `and`, a `not` …"""
    return instruction < len(bytecode(code)) and bytecode(code)[instruction] in _ASKING


_ASKING = {
    number
    for name, number in dis.opmap.items()
    if ("JUMP" in name and "_IF_" in name) or name in ("TO_BOOL", "UNARY_NOT")
}


@lru_cache(256)
def bytecode(code: CodeType) -> bytes:
    """The code's bytes, which it makes anew each time it is asked for them."""
    return code.co_code


def span(code: CodeType, instruction: int) -> Span:
    """First and last line, start and end column of the expression that an instruction stands for.

    A jump stands for a whole statement; what it asks about is what the instruction before it made.
    """
    place = instruction // 2 - (1 if asks_for_truth(code, instruction) else 0)
    known = _positions(code)
    return known[place] if 0 <= place < len(known) else (None, None, None, None)


@lru_cache(256)
def _positions(code: CodeType) -> tuple[Span, ...]:
    return tuple(code.co_positions())


def _columns(code: CodeType, instruction: int, line: int, source: str) -> tuple[int | None, int | None]:
    """Where in its line the instruction at byte offset `instruction` stands."""
    first, last, start, end = span(code, instruction)
    if first != line or start is None or end is None:
        return None, None
    # Positions count UTF-8 bytes.
    encoded = source.encode()
    stop = len(source) if last != line else len(encoded[:end].decode(errors="ignore"))
    return len(encoded[:start].decode(errors="ignore")), stop
