"""The stack trace on every node of a traced graph, made fast.

Upstream symbolizes each node's whole stack anew, reading source lines again and again: an eighth of the time of an
export. The frames of a model repeat from node to node, so here each place is described once.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

from .probe import need

_proxy_module: Any = need("torch.fx.proxy")
need("torch.fx.proxy:CapturedTraceback")
need("torch.fx.proxy:TracerBase._filter_traceback_frames")
_uninteresting_files: Any = need("torch.fx.experimental.symbolic_shapes:uninteresting_files")


class _Stack:
    """What `CapturedTraceback.extract()` gives to `TracerBase.create_node`, which asks it for its `summary()`."""

    def __init__(self, described: _Described) -> None:
        self.described = described

    def summary(self) -> traceback.StackSummary:
        """The frames of the running call that `TracerBase._filter_traceback_frames` would keep, outermost first: those
        in interesting files from the outermost `forward` on. That one always comes first: the filter looks for it.
        """
        found: list[traceback.FrameSummary] = []
        described = self.described
        known = described.frames
        outermost, count = None, 0
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            key = (id(code), frame.f_lasti)
            if key not in known:
                described.describe(frame)
            summary = known[key]
            if summary is not None:
                found.append(summary)
            if code.co_name == "forward":
                outermost, count = frame, len(found) - (summary is not None)
            frame = frame.f_back
        if outermost is None:
            return traceback.StackSummary()
        del found[count:]
        found.append(_summary_of(outermost))
        found.reverse()
        stack = traceback.StackSummary()
        list.extend(stack, found)
        return stack


class _Described:
    """Each place in a function met so far; None for one in a file that upstream calls uninteresting. A code object is
    known by its address, since hashing one hashes its constants.
    """

    def __init__(self) -> None:
        self.frames: dict[tuple[int, int], traceback.FrameSummary | None] = {}
        self.codes: list[CodeType] = []  # kept alive: addresses are used again
        self.uninteresting = _uninteresting_files()

    def describe(self, frame: FrameType) -> None:
        """Enters the place where `frame` stands."""
        code = frame.f_code
        made = None if code.co_filename in self.uninteresting else _summary_of(frame)
        self.frames[id(code), frame.f_lasti] = made
        self.codes.append(code)


def _summary_of(frame: FrameType) -> traceback.FrameSummary:
    code = frame.f_code
    return traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False)


class _Traceback:
    def __init__(self) -> None:
        self.described = _Described()

    def extract(self, **_options: Any) -> _Stack:
        return _Stack(self.described)


@contextmanager
def fast_node_stacks() -> Iterator[None]:
    """While active, nodes get the same stack traces as ever, in a fraction of the time."""
    own = _proxy_module.CapturedTraceback
    _proxy_module.CapturedTraceback = _Traceback()
    try:
        yield
    finally:
        _proxy_module.CapturedTraceback = own
