"""Turns captured frames into locations in the user's code."""

from __future__ import annotations

import importlib.util
import linecache
import os
import re
import sysconfig
from collections.abc import Sequence
from functools import lru_cache
from types import CodeType, TracebackType

from torchdraft.model import Location
from torchdraft.model.events import Frame

from .code.bytecode import span

LineOnly = tuple[CodeType, int]
"""A frame whose instruction is unknown; its location has no columns."""

_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)(?:\n {4,}(\S.*))?')


def user_frames(stack: Sequence[Frame | LineOnly]) -> tuple[Location, ...]:
    """The locations of the user's frames in the stack; of all frames if none is the user's."""
    own = [frame for frame in stack if not is_framework(frame[0].co_filename)]
    return tuple(_located(frame) for frame in own or stack)


def user_frames_of(error: BaseException) -> tuple[Location, ...]:
    """The locations of the user's frames in the traceback of `error`, outermost first."""
    return user_frames(_frames(error.__traceback__))


def user_frames_of_text(trace: str) -> tuple[Location, ...]:
    """The locations of the user's frames in a stack trace that is text, as graph nodes hold it, outermost first."""
    found = [(file, int(line), *rest) for file, line, *rest in _FRAME.findall(trace) if not is_framework(file)]
    return tuple(
        Location(file, line, function, linecache.getline(file, line).rstrip() or source)
        for file, line, function, source in found
    )


@lru_cache(maxsize=4096)
def is_framework(filename: str) -> bool:
    """Whether the file belongs to torch, torchdraft, NumPy or the standard library, or is code without a file."""
    if filename.startswith("<") and not filename.startswith(("<stdin", "<ipython", "<doctest")):
        return True
    if filename.startswith(sysconfig.get_path("stdlib") + os.sep):
        return f"-packages{os.sep}" not in filename
    return filename.startswith(_framework_folders()) or _names_file_of_torch(filename)


def _names_file_of_torch(filename: str) -> bool:
    """Whether the path begins with `torch`: torch names its own files so in the stacks of nodes that it adds."""
    if not filename.startswith("torch" + os.sep):
        return False
    parents = [
        os.path.dirname(folder[:-1]) for folder in _framework_folders() if folder.endswith(f"{os.sep}torch{os.sep}")
    ]
    return any(os.path.isfile(os.path.join(parent, filename)) for parent in parents)


@lru_cache(maxsize=1)
def _framework_folders() -> tuple[str, ...]:
    """Finds torch without importing it: a report can be read where torch is not installed."""
    specs = [importlib.util.find_spec(name) for name in ("torchdraft", "torch", "numpy")]
    return tuple(os.path.dirname(spec.origin) + os.sep for spec in specs if spec is not None and spec.origin)


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


def _columns(code: CodeType, instruction: int, line: int, source: str) -> tuple[int | None, int | None]:
    """The start and end column, in the line, of the instruction at byte offset `instruction`."""
    first, last, start, end = span(code, instruction)
    if first != line or start is None or end is None:
        return None, None
    # Positions count UTF-8 bytes.
    encoded = source.encode()
    stop = len(source) if last != line else len(encoded[:end].decode(errors="ignore"))
    return len(encoded[:start].decode(errors="ignore")), stop
