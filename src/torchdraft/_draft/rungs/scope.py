"""What every attempt undoes at its end, with and without Dynamo, and what it concludes from a finished trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from torchdraft._draft.shapes.dimensions import judge_dimensions
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.request import Request
from torchdraft._torch.dispatch import modes_restored
from torchdraft._torch.symbolic.shapes import clean_dynamic_markers
from torchdraft._torch.tensors.subclasses import with_inner

from .session import Session


@contextmanager
def attempt_scope(request: Request, session: Session, snapshot: Snapshot) -> Iterator[None]:
    """In this block the model may be traced. Afterwards modes, modules and inputs are as they were, and the session is
    closed.
    """
    session.context.user.tensors = with_inner([*request.tensors(), *request.mod.parameters(), *request.mod.buffers()])
    session.context.user.model = request.mod
    with ExitStack() as stack:
        stack.callback(session.close)
        stack.callback(snapshot.restore_modules)
        stack.callback(clean_dynamic_markers, request.tensors())
        stack.enter_context(modes_restored())
        yield


def conclude(request: Request, session: Session) -> None:
    """Reports what became of dynamic dimensions, and the side effects that show when the program is made."""
    session.dimensions, events, session.new_dynamic_shapes = judge_dimensions(request, session.context)
    session.context.log.extend(events)
    session.effects.report_trace(request)
