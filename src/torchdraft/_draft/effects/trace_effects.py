"""The watchers of one trace, each with its own state."""

from __future__ import annotations

from typing import Any

from torchdraft._draft.tracing.context import TraceContext
from torchdraft._stack.user_stack import user_stack
from torchdraft.model.events import Frame

from .clock_answers import ClockAnswers
from .residual_state import ResidualState
from .seeded_rng import SeededDraws
from .threads import Threads


class AttributeWrites:
    """The lines that last assigned the attributes of modules."""

    def __init__(self) -> None:
        self._lines: dict[tuple[int, str], tuple[Frame, ...]] = {}

    def note(self, module: Any, name: str) -> None:
        """An attribute of `module` is assigned. The proxies that tracing puts around modules share their dictionary."""
        if stack := user_stack(3):
            self._lines[id(module.__dict__), name] = stack

    def line_of(self, module: Any, name: str) -> tuple[Frame, ...]:
        """The line that last assigned it; empty where none did."""
        return self._lines.get((id(module.__dict__), name), ())


class TraceEffects:
    """What is watched beside the graph in one trace."""

    def __init__(self, context: TraceContext, answers: ClockAnswers) -> None:
        self.context = context
        self.answers = answers
        self.attribute_writes = AttributeWrites()
        self.residual = ResidualState()
        self.threads = Threads()
        self.draws = SeededDraws(context)
