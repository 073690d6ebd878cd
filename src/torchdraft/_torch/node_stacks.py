"""The stack trace on every node of a traced graph, made fast.

Upstream symbolizes each node's whole stack anew, reading source lines again and again: an eighth of the time of an
export. The frames of a model repeat from node to node, so here each (code, line) is described once.
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

Described = dict[tuple[CodeType, int], traceback.FrameSummary]


class _Stack:
    """What `CapturedTraceback.extract()` gives to `TracerBase.create_node`, which asks it for its `summary()`."""

    def __init__(self, described: Described) -> None:
        self.described = described

    def summary(self) -> traceback.StackSummary:
        """The frames of the running call, outermost first."""
        found = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            key = (frame.f_code, frame.f_lineno)
            described = self.described.get(key)
            if described is None:
                code = frame.f_code
                described = traceback.FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False)
                self.described[key] = described
            found.append(described)
            frame = frame.f_back
        found.reverse()
        return traceback.StackSummary(found)


class _Traceback:
    def __init__(self) -> None:
        self.described: Described = {}

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
