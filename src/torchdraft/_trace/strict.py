"""Strict tracing through Dynamo, and the fall back where it gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from .attempt import attempt_strictly
from .events import StrictFellBack
from .ladder import describe, forget, user_frames
from .session import Session

if TYPE_CHECKING:
    from .._draft import Draft


def trace_strictly(draft: Draft) -> torch.export.ExportedProgram | None:
    """A program traced by Dynamo, or None (and an event that says why) where it could not."""
    session = Session(budget=draft.budget)
    try:
        with draft.phases("trace"):
            program = attempt_strictly(draft.request, session, draft.snapshot)
    except Exception as error:
        draft.events.append(StrictFellBack(stack=user_frames(error), exception=describe(error)))
        forget(error)
        draft.run_model()
        return None
    draft.session = session
    return program
