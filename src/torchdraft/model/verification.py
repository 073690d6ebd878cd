"""What came of putting a program and its model to the same inputs: frozen, plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from .issue import Issue
from .location import Location

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

FORMAT = "torchdraft-verification"
VERSION = 1


class Outcome(StrEnum):
    """How one input ended."""

    EQUAL = "equal"
    """The program returned and wrote what eager returned and wrote."""
    REJECTED = "rejected"
    """The program raises, eager does not."""
    RAISED = "model raised"
    """The model itself raises on this input."""
    MISMATCH = "mismatch"
    """The program went through without a word, and differs from eager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """A small input on which the program is silently wrong."""

    detail: str
    """What differs there."""
    inputs: Mapping[str, str]
    """Input → what it holds."""
    code: str
    """The inputs as code, one assignment each; an input too large to be written out is left as a comment."""
    runs: int
    """How many smaller inputs were tried to find it."""
    args: tuple[Any, ...] = field(default=(), compare=False, repr=False)
    """The positional arguments themselves. Not part of the JSON."""
    kwargs: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The keyword arguments themselves. Not part of the JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One input, and what program and model made of it."""

    number: int
    origin: str
    """`example`, `given`, or how it was drawn: `random sizes, values negated`."""
    inputs: Mapping[str, str]
    """Input → what it holds."""
    outcome: Outcome
    detail: str = ""
    """What differs, or the exception that was raised."""
    assertion: str = ""
    """The condition that the input broke, where the program raised at an assertion."""
    location: Location | None = None
    """The user's line that the failing assertion or operation comes from, where it is known."""
    issues: tuple[Issue, ...] = ()
    """The issues whose assumption the input broke, or that may explain the mismatch."""
    told: bool = True
    """False where nothing prepares for the outcome: a mismatch without an issue of severity `baked`; a rejection that
    neither an issue nor what the export was asked for accounts for; an input that the model raises on and the program
    takes."""
    counterexample: Counterexample | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Verification:
    """A program beside its model on many inputs. `print(verification)` reads it aloud."""

    trials: tuple[Trial, ...]
    """In the order they were made."""
    model: str = ""
    """The model's class name."""
    seed: int = 0
    notes: tuple[str, ...] = ()
    """What has to be known to read the result: weights that differ, parts that could not be compared."""
    reported: bool = True
    """Whether the program carries a torchdraft report, so that issues can be named."""

    @property
    def ok(self) -> bool:
        """True when the program is nowhere silently wrong, but where an issue of severity `baked` says so."""
        return not any(trial.outcome is Outcome.MISMATCH and not trial.told for trial in self.trials)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many inputs ended each way, zeros left out."""
        found = [trial.outcome for trial in self.trials]
        return {outcome: found.count(outcome) for outcome in Outcome if outcome in found}

    def ended(self, outcome: str) -> tuple[Trial, ...]:
        """The inputs that ended this way."""
        return tuple(trial for trial in self.trials if trial.outcome == outcome)

    @property
    def mismatches(self) -> tuple[Trial, ...]:
        """The inputs on which the program is silently wrong."""
        return self.ended(Outcome.MISMATCH)

    def summary(self) -> str:
        """The result in one line."""
        from torchdraft._render.verification_words import summary

        return summary(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The result as JSON text: everything but the tensors of counterexamples."""
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
        from torchdraft._render.verification_text import render_verification_text

        return render_verification_text(self)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from torchdraft._render.verification import render_verification

        yield from render_verification(self)


def _without_objects(found: Counterexample | None) -> Counterexample | None:
    return None if found is None else replace(found, args=(), kwargs={})
