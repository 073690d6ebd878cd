"""What a model asks of the file system without opening a file: whether one is there, its size, what a folder holds.

Python's library asks it of `os` on the model's behalf (`Path.exists`, `glob.glob`), and for ends of its own as well
(`os.makedirs`): what the model called decides, by the outermost frame of the library's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from torchdraft._stack.user_stack import here, in_an_import, is_framework, is_library
from torchdraft.model.events import ImpureCall

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

_WATCHED = ("stat", "listdir", "scandir", "access")
"""Functions of `os` that all others come down to."""

_OF_PATHS = ("exists", "isfile", "isdir", "getsize", "getmtime", "getatime", "getctime", "samefile")
_OF_OBJECTS = ("exists", "is_file", "is_dir", "stat", "samefile", "iterdir", "glob", "rglob", "walk")
_OF_FOLDERS = ("walk", "_walk", "glob", "iglob", "_iglob")
_PATHS = ("genericpath", "posixpath", "ntpath")
_MANY = ("iterdir", "rglob", *_OF_FOLDERS)
"""They ask once for each folder: told as one, without its name."""


def watched_queries(context: TraceContext) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each function of `os` that is watched, and what tells of its calls."""
    for name in _WATCHED:
        yield name, _watching(getattr(os, name), name, context)


def _watching(own: Callable[..., Any], name: str, context: TraceContext) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        what = "" if context.hooks.threads.is_foreign() else _query(caller, name, args)
        if what and not in_an_import(caller):
            context.log.emit(ImpureCall(what=what, **here(2)))
        return own(*args, **kwargs)

    return watched


def _query(frame: FrameType | None, name: str, args: tuple[Any, ...]) -> str:
    """What the model called, if it was the model that asked."""
    outermost: FrameType | None = None
    while frame is not None and is_library(frame.f_code):
        outermost, frame = frame, frame.f_back
    if frame is None or is_framework(frame.f_code):
        return ""
    called = f"os.{name}" if outermost is None else _called(outermost)
    of_one = called and args and called.rpartition(".")[2] not in _MANY
    return f"{called}({os.fspath(args[0])!r})" if of_one and not isinstance(args[0], int) else called


def _called(frame: FrameType) -> str:
    """The function of the library's, as the model calls it; empty for one that is no question."""
    module, name = str(frame.f_globals.get("__name__", "")), frame.f_code.co_name
    if module in _PATHS:
        return f"os.path.{name}" if name in _OF_PATHS else ""
    if module.partition(".")[0] == "pathlib":
        return f"Path.{name}" if name in _OF_OBJECTS else ""
    if module in ("os", "glob") and name in _OF_FOLDERS:
        return f"{module}.{name.removeprefix('_')}"
    return ""
