"""Renders verifications for a rich console, which determines width and colour."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from torchdraft.model import Issue, Trial, Verification

from . import verification_words as words
from .words import place, plural

SHOWN = 5
"""How many mismatches and reasons for rejection are shown in full."""


def render_verification(found: Verification) -> Iterator[RenderableType]:
    """Summary, mismatches with a small input for each, reasons for rejections, conclusion."""
    yield Text(words.summary(found), style="bold green" if found.ok else "bold red")
    for note in found.notes:
        yield Text(f"Note: {note}.", style="yellow")
    for trial in found.mismatches[:SHOWN]:
        yield Text()
        yield from _mismatch(trial, found.reported)
    yield from _more(len(found.mismatches), "mismatch", "mismatches")
    reasons = words.rejections(found)
    for trials in reasons[:SHOWN]:
        yield Text()
        yield from _rejection(trials, found.reported)
    yield from _more(len(reasons), "reason for rejection", "reasons for rejection")
    if accepted := words.wrongly_accepted(found):
        yield Text()
        yield Text.assemble(
            ("ACCEPTED", "bold yellow"), f"  {plural(len(accepted), 'input')} on which the model raises"
        )
        yield from (_line(f"{words.origin(trial)}: {trial.detail}", 2) for trial in accepted[:SHOWN])
    yield Text()
    yield Text(words.conclusion(found))


def _mismatch(trial: Trial, reported: bool) -> Iterator[RenderableType]:
    yield Text.assemble(("MISMATCH", "bold red"), f"  {words.origin(trial)}")
    yield _line(trial.detail, 2)
    if small := trial.counterexample:
        yield _line(f"smallest of {small.runs} tried: {small.detail}", 2)
        for line in small.code.splitlines():
            yield _line(line, 4)
    else:
        for name, text in trial.inputs.items():
            yield _line(f"{name}: {text}", 4)
    yield from _issues(trial.issues, "may be explained by", "no issue reports it" if reported else "")


def _rejection(trials: list[Trial], reported: bool) -> Iterator[RenderableType]:
    first = trials[0]
    yield Text.assemble(("REJECTED", "bold yellow"), f"  {plural(len(trials), 'input')}: {words.broken(trials)}")
    if first.location is not None:
        yield _line(f"{place(first.location)}  {first.location.source.strip()}".rstrip(), 2)
    yield from _issues(first.issues, "reported by", words.reason_without_issue(first, reported))


def _issues(issues: tuple[Issue, ...], label: str, none: str) -> Iterator[RenderableType]:
    for issue in issues:
        yield _line(f"{label} {words.named(issue)}", 2)
    if not issues and none:
        yield _line(none, 2)


def _more(count: int, one: str, many: str) -> Iterator[RenderableType]:
    if count > SHOWN:
        yield Text()
        yield Text(f"and {count - SHOWN} more {one if count - SHOWN == 1 else many}", style="dim")


def _line(text: str, by: int) -> Padding:
    return Padding(Text(text), (0, 0, 0, by), expand=False)
