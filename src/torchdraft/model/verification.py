"""The result of running a program and its model on the same inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from .issue import Issue
from .location import Location
from .presenters import Presenter, presenter_of

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

FORMAT = "torchdraft-verification"
VERSION = 1


class Outcome(StrEnum):
    """The outcome of one input."""

    EQUAL = "equal"
    """The program and the eager model returned the same values and made the same mutations."""
    REJECTED = "rejected"
    """The program raises and the eager model does not."""
    RAISED = "model raised"
    """The eager model raises on this input."""
    MISMATCH = "mismatch"
    """The program does not raise, and its result differs from the eager model's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """A small input on which the program is silently wrong."""

    detail: str
    """What differs on this input."""
    inputs: Mapping[str, str]
    """Input → a description of its value."""
    code: str
    """The inputs as code, one assignment each. An input that is too large to write out is a comment."""
    runs: int
    """How many inputs were tried to find this small one."""
    args: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    """The positional arguments. Not part of the JSON."""
    kwargs: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The keyword arguments. Not part of the JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One input, and its outcome."""

    number: int
    origin: str
    """`example`, `given`, or how it was generated: `random sizes, values negated`."""
    inputs: Mapping[str, str]
    """Input → a description of its value."""
    outcome: Outcome
    detail: str = ""
    """What differs, or the exception that was raised."""
    assertion: str = ""
    """The condition that does not hold for the input, if the program raised at an assertion."""
    location: Location | None = None
    """The line of the user's code that the failing assertion or operation comes from, if it is known."""
    issues: tuple[Issue, ...] = ()
    """The issues whose assumption does not hold for the input, or that may explain the mismatch."""
    told: bool = True
    """Whether the outcome was reported. False for a mismatch without an issue of severity `baked`, for a rejection that
    neither an issue nor the requested `dynamic_shapes` explains, and for an input that the program accepts although the
    model raises."""
    counterexample: Counterexample | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Verification:
    """A program compared with its model on many inputs. `print(verification)` prints it as text."""

    trials: tuple[Trial, ...]
    """In the order in which they were run."""
    model: str = ""
    """The model's class name."""
    seed: int = 0
    notes: tuple[str, ...] = ()
    """Limits of the result: weights that differ, parts that could not be compared."""
    reported: bool = True
    """Whether the program carries a torchdraft report, which lists issues."""

    @property
    def ok(self) -> bool:
        """True if every mismatch is explained by an issue of severity `baked`."""
        return not any(trial.outcome is Outcome.MISMATCH and not trial.told for trial in self.trials)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many inputs had each outcome, without zeros."""
        found = [trial.outcome for trial in self.trials]
        return {outcome: found.count(outcome) for outcome in Outcome if outcome in found}

    def ended(self, outcome: str) -> tuple[Trial, ...]:
        """The inputs with this outcome."""
        return tuple(trial for trial in self.trials if trial.outcome == outcome)

    @property
    def mismatches(self) -> tuple[Trial, ...]:
        """The inputs on which the program is silently wrong."""
        return self.ended(Outcome.MISMATCH)

    def summary(self) -> str:
        """The result in one line."""
        return self._presenter().summary(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The result as JSON text, without the tensors of counterexamples."""
        body = {each.name: getattr(self, each.name) for each in fields(self)}
        body["trials"] = [replace(t, counterexample=_without_objects(t.counterexample)) for t in self.trials]
        head = {"format": FORMAT, "version": VERSION, "ok": self.ok, "counts": self.counts}
        plain = msgspec.to_builtins(head | body, str_keys=True, enc_hook=str)
        for trial in plain["trials"]:
            for name in ("args", "kwargs") if trial["counterexample"] else ():
                del trial["counterexample"][name]
        return json.dumps(plain, indent=indent)

    def __repr__(self) -> str:
        found = ", ".join(f"{count} {outcome}" for outcome, count in self.counts.items()) or "no inputs"
        return f"<Verification {self.model or 'model'}: {found}>"

    def __str__(self) -> str:
        return self._presenter().text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._presenter().renderables(self)

    @staticmethod
    def _presenter() -> Presenter[Verification]:
        presenter: Presenter[Verification] = presenter_of("Verification")
        return presenter


def _without_objects(found: Counterexample | None) -> Counterexample | None:
    return None if found is None else replace(found, args=(), kwargs={})
