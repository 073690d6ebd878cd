"""What stands against saving a finished program."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from torchdraft._torch.graph.serialization import Unsaveable, unsaveable_parts
from torchdraft.model.events import NotSaveable


def not_saveable(program: torch.export.ExportedProgram) -> Iterator[NotSaveable]:
    """An event for each part of the program that a file cannot hold."""
    for part in unsaveable_parts(program):
        node = part.node
        yield NotSaveable(
            what=part.what,
            reason=part.reason,
            node=None if node is None else node.name,
            trace=_trace_of(part),
        )


def _trace_of(part: Unsaveable) -> str:
    """The stack trace of the node; for a weight or constant, that of its first use."""
    if part.node is None:
        return ""
    nodes = [part.node] if part.node.op != "placeholder" else list(part.node.users)
    return next((text for node in nodes if (text := str(node.meta.get("stack_trace") or ""))), "")
