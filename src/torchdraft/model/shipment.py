"""A program that was written for another runtime: what became of each assumption, and the runs that were compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .presenters import Presenter, presenter_of
from .report import Report
from .verification import Outcome, Trial, Verification

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


class Carried(StrEnum):
    """What became of an assumption in a shipped program."""

    OPERATOR = "operator"
    """An operator fails where the assumption does not hold."""
    OUTPUT = "output"
    """The outputs `torchdraft_valid` and `torchdraft_broken` say whether it holds."""
    RUNTIME = "runtime"
    """The runtime checks it, or the shipped program has no input that could break it."""
    LOST = "lost"
    """Nothing checks it: the program can be wrong in silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One assertion of a program, or one guard on its inputs."""

    number: int
    """Counts from 1. The output `torchdraft_broken` and the messages of failing operators have this number."""
    text: str
    """In one line, with code and place of the issue that it belongs to: `TD101 model.py:16: x.sum() > 0 was True in the
    example`."""
    kind: str
    """Name of the issue's rule; `input` for a guard, `assertion` for an assertion without an issue."""
    carried: Carried = Carried.LOST
    reason: str = ""
    """Why it is lost."""
    node: str = ""
    """The node of the program that asserts it; empty for a guard."""
    codes: tuple[str, ...] = ()
    """Codes of the issues that it belongs to."""

    def became(self, carried: Carried, reason: str = "") -> Assumption:
        """The assumption, with what became of it."""
        return replace(self, carried=carried, reason=reason)


@dataclass(frozen=True, kw_only=True, repr=False)
class Shipment:
    """A program written for another runtime. `print(shipment)` prints what became of each assumption."""

    path: str
    runtime: str
    """`onnx`, `executorch` or `aoti`."""
    assumptions: tuple[Assumption, ...] = ()
    trials: Verification | None = None
    """The runs of the shipped file by its runtime, compared with eager. None if they were turned off."""
    report: Report = field(default_factory=Report)
    """The program's report. Where an assumption is lost, the severity of its issue is `baked`."""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    """Results, then `torchdraft_valid` and `torchdraft_broken` if there are any, then the values after writes."""
    input_writes: Mapping[str, str] = field(default_factory=dict)
    """Input that the model writes to → the output with its value after the call."""
    state: Mapping[str, str] = field(default_factory=dict)
    """Input that is a buffer which the model writes to → the output with its value after the call, which the next call
    takes as this input."""
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> tuple[Assumption, ...]:
        """The assumptions that nothing checks."""
        return tuple(each for each in self.assumptions if each.carried is Carried.LOST)

    @property
    def silent(self) -> tuple[Trial, ...]:
        """The runs in which the shipped program was wrong in silence, or accepted what the program refuses."""
        trials = self.trials.trials if self.trials is not None else ()
        accepted = (t for t in trials if t.outcome is Outcome.RAISED and not t.told)
        return (*(t for t in trials if t.outcome is Outcome.MISMATCH), *accepted)

    @property
    def ok(self) -> bool:
        """True if every assumption is checked and no run was wrong."""
        return not self.lost and not self.silent

    def explain(self, broken: Any) -> str:
        """The assumption that a number of the output `torchdraft_broken`, or an error of the runtime, is about.

        Empty for 0, and for an error that is about something else.
        """
        number = broken if isinstance(broken, int) else number_in(str(broken))
        return self.assumptions[number - 1].text if 0 < number <= len(self.assumptions) else ""

    def summary(self) -> str:
        """The shipment in one line."""
        return self._presenter().summary(self)

    def __repr__(self) -> str:
        return f"<Shipment {self.path} for {self.runtime}: {len(self.assumptions)} assumptions, {len(self.lost)} lost>"

    def __str__(self) -> str:
        return self._presenter().text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._presenter().renderables(self)

    @staticmethod
    def _presenter() -> Presenter[Shipment]:
        presenter: Presenter[Shipment] = presenter_of("Shipment")
        return presenter


def number_in(message: str) -> int:
    """The number of the broken assumption in the message of a failing index; 0 if the message has none."""
    for pattern in _INDEX_ERRORS:
        if found := pattern.search(message):
            return int(found[1])
    return 0


_INDEX_ERRORS = (
    re.compile(r"indices element out of data bounds, idx=(\d+) must be within the inclusive range \[-1,0\]"),
    re.compile(r"index (\d+) is out of bounds for dimension 0 with size 1"),
    re.compile(r"index\[0\] = (\d+) is out of range \[0, 1\)"),  # in the log of ExecuTorch
)
"""How runtimes word the failure of an index beyond a table of one element."""
