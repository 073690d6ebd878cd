"""Whether `ExportedProgram.run_decompositions` traces a program again."""

from __future__ import annotations

import sys
from types import CodeType, FrameType

from ..probe import need

_TRACES_AGAIN: CodeType = need(
    "torch.export.exported_program:_decompose_and_get_gm_with_new_signature_constants"
).__code__


def is_decomposing() -> bool:
    """Whether the caller runs inside `run_decompositions`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is _TRACES_AGAIN:
            return True
        frame = frame.f_back
    return False
