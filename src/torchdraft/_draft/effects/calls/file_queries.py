"""Queries of the file system that open no file: whether a path exists, its size, the content of a folder.

They all end in a few functions of `os`. Python's library calls those for the model (`Path.exists`, `glob.glob`) and for
its own purposes (`os.makedirs`). The outermost frame of the library shows which of both it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from torchdraft._draft.effects.protocol import Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.namespaces import replace_values
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._stack.frame_kinds import in_an_import, is_framework, is_library
from torchdraft._stack.user_stack import here
from torchdraft._torch.patching.changes import Changes
from torchdraft.model.events import ImpureCall

from .watched_calls import past_rules

_WATCHED = ("stat", "listdir", "scandir", "access")
"""The functions of `os` in which all queries end."""

_OF_PATHS = ("exists", "isfile", "isdir", "getsize", "getmtime", "getatime", "getctime", "samefile")
_OF_OBJECTS = ("exists", "is_file", "is_dir", "stat", "samefile", "iterdir", "glob", "rglob", "walk")
_OF_FOLDERS = ("walk", "_walk", "glob", "iglob", "_iglob")
_PATHS = ("genericpath", "posixpath", "ntpath")
_MANY = ("iterdir", "rglob", *_OF_FOLDERS)
"""Functions that make one query for each folder. They are reported once, without the name of a folder."""


@watches(why="A trace bakes the answer into the program.")
class FileQueries(Watcher):
    """Emits an event for each query that the model makes."""

    def install(self, changes: Changes, at_draft: Snapshot) -> None:
        """Replaces the functions of `os`, and what the model's code imported of them."""
        instead: dict[int, Any] = {}
        for name in _WATCHED:
            original = getattr(os, name)
            instead[id(original)] = _watched(original, name, self.context)
            changes.attribute(os, name, instead[id(original)])
        replace_values(changes, at_draft.namespaces(), instead)


def _watched(original: Callable[..., Any], name: str, context: TraceContext) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        if belongs():
            caller = past_rules(sys._getframe(1))
            what = _query(caller, name, args)
            if what and not in_an_import(caller):
                context.log.emit(ImpureCall(what=what, **here()))
        return original(*args, **kwargs)

    return watched


def _query(frame: FrameType | None, name: str, args: tuple[Any, ...]) -> str:
    """What the model called; empty if the query is not the model's doing."""
    outermost: FrameType | None = None
    while frame is not None and is_library(frame.f_code):
        outermost, frame = frame, frame.f_back
    if frame is None or is_framework(frame.f_code):
        return ""
    called = f"os.{name}" if outermost is None else _called(outermost)
    of_one = called and args and called.rpartition(".")[2] not in _MANY
    return f"{called}({os.fspath(args[0])!r})" if of_one and not isinstance(args[0], int) else called


def _called(frame: FrameType) -> str:
    """The name under which the model calls a function of the library; empty if that is no query."""
    module, name = str(frame.f_globals.get("__name__", "")), frame.f_code.co_name
    if module in _PATHS:
        return f"os.path.{name}" if name in _OF_PATHS else ""
    if module.partition(".")[0] == "pathlib":
        return f"Path.{name}" if name in _OF_OBJECTS else ""
    if module in ("os", "glob") and name in _OF_FOLDERS:
        return f"{module}.{name.removeprefix('_')}"
    return ""
