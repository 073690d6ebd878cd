"""The stack trace on every node of a traced graph, made faster.

Upstream symbolizes each node's whole stack anew, reading source lines again and again: an eighth of the time of an
export. The frames of a model repeat from node to node, so here each place is described once.
"""

from __future__ import annotations

import sys
import traceback
from types import CodeType, FrameType
from typing import Any

from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import EXPORT
from torchdraft._torch.probe import need

need("torch.fx.proxy:TracerBase._filter_traceback_frames")
_uninteresting_files: Any = need("torch.fx.experimental.symbolic_shapes:uninteresting_files")


@patches(
    "torch.fx.proxy:CapturedTraceback",
    scope=EXPORT,
    why="Speed: upstream symbolizes each node's whole stack anew.",
    upstream="torch.fx.proxy.TracerBase.create_node",
)
def fast_node_stacks(_original: Any) -> Any:
    """Gives nodes the same stack traces, but describes each place in the source once."""
    return _Traceback()


class _Traceback:
    """Stands in for the class `CapturedTraceback`."""

    def __init__(self) -> None:
        self.places = _Places()

    def extract(self, **_options: Any) -> _Stack:
        return _Stack(self.places)


class _Stack:
    """Stands in for the result of `CapturedTraceback.extract()`; `TracerBase.create_node` calls its `summary()`."""

    def __init__(self, places: _Places) -> None:
        self.places = places

    def summary(self) -> traceback.StackSummary:
        """The frames of the running call that `TracerBase._filter_traceback_frames` would keep, outermost first: those
        in interesting files, from the outermost `forward` on, which the filter requires to come first.
        """
        found: list[traceback.FrameSummary] = []
        known, describe = self.places.frames, self.places.describe
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


class _Places:
    """Each place in a function met so far. None for a place in a file that upstream calls uninteresting, unless the
    function is called `forward`, which the filter looks for.
    """

    def __init__(self) -> None:
        self.frames: dict[tuple[int, int], traceback.FrameSummary | None] = {}
        """By the address of the code object and the instruction: hashing a code object would hash its constants."""
        self.codes: list[CodeType] = []
        """Keeps the code objects alive, since addresses are reused."""
        self.uninteresting = _uninteresting_files()

    def describe(self, frame: FrameType) -> traceback.FrameSummary | None:
        """Adds the place where `frame` stands."""
        code = frame.f_code
        made = None
        if code.co_name == "forward" or code.co_filename not in self.uninteresting:
            made = traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False)
        self.frames[id(code), frame.f_lasti] = made
        self.codes.append(code)
        return made
