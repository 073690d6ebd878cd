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

from torchdraft._torch.patches.registry import patched
from torchdraft._torch.probe import need

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
        known, describe = self.described.frames, self.described.describe
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            summary = known.get((id(frame.f_code), frame.f_lasti), _UNKNOWN)
            if summary is not None:
                if summary is _UNKNOWN:
                    summary = describe(frame)
                if summary is not None:
                    found.append(summary)
            frame = frame.f_back
        while found and found[-1].name != "forward":
            found.pop()
        found.reverse()
        stack = traceback.StackSummary()
        list.extend(stack, found)
        return stack


_UNKNOWN: Any = object()


class _Described:
    """Each place in a function met so far; None for one in a file that upstream calls uninteresting, unless a function
    called `forward`: the filter looks for those. A code object is known by its address, since hashing one hashes its
    constants.
    """

    def __init__(self) -> None:
        self.frames: dict[tuple[int, int], traceback.FrameSummary | None] = {}
        self.codes: list[CodeType] = []  # kept alive: addresses are used again
        self.uninteresting = _uninteresting_files()

    def describe(self, frame: FrameType) -> traceback.FrameSummary | None:
        """Enters the place where `frame` stands."""
        code = frame.f_code
        made = None
        if code.co_name == "forward" or code.co_filename not in self.uninteresting:
            made = traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False)
        self.frames[id(code), frame.f_lasti] = made
        self.codes.append(code)
        return made


class _Traceback:
    def __init__(self) -> None:
        self.described = _Described()

    def extract(self, **_options: Any) -> _Stack:
        return _Stack(self.described)


@contextmanager
def fast_node_stacks() -> Iterator[None]:
    """While active, nodes get the same stack traces as ever, in a fraction of the time."""
    with patched(_proxy_module, "CapturedTraceback", _Traceback()):
        yield
