"""Values that every call computes again, so that no call depends on the one before."""

from __future__ import annotations

from torchdraft._draft.state.residual import ChangedName
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._tape.provenance import depends_on


def is_recomputed(context: TraceContext, changed: ChangedName) -> bool:
    """Whether a name only gained tensors, and none of them depends on an input."""
    return changed.only_added and not depends_on(context.tape, changed.tensors, context.input_cells())
