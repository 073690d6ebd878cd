"""The sentences of the text of a verification."""

from __future__ import annotations

from torchdraft.model import Issue, Outcome, Trial, Verification

from .words import place, plural


def summary(found: Verification) -> str:
    """The first line: how many inputs had each outcome, worst first."""
    model = found.model or "The model"
    order = (Outcome.MISMATCH, Outcome.EQUAL, Outcome.REJECTED, Outcome.RAISED)
    counts = [_count(outcome, found.counts[outcome]) for outcome in order if outcome in found.counts]
    return f"{model}: {plural(len(found.trials), 'input')}" + (f": {', '.join(counts)}" if counts else "")


def conclusion(found: Verification) -> str:
    """The last line: the conclusion."""
    if not found.trials:
        return "No input was run."
    if not found.ok:
        unreported = ", and no issue of its report says so" if found.reported else ""
        return f"The program is silently wrong{unreported}."
    if found.mismatches:
        return "The program is wrong only where an issue of severity baked says that it can be."
    others = [trial for trial in found.ended(Outcome.EQUAL) if trial.origin != "example"]
    if not others:
        return "The program accepted no input but the example, so nothing is known about other inputs."
    return "Where the program does not raise, it does what the model does."


def _count(outcome: Outcome, count: int) -> str:
    if outcome is Outcome.MISMATCH:
        return plural(count, "mismatch") if count == 1 else f"{count} mismatches"
    return f"{count} {outcome}" if outcome is not Outcome.RAISED else f"on {count} the model raises"


def broken(trials: list[Trial]) -> str:
    """The conditions that do not hold, or the exception, because of which inputs were rejected."""
    conditions = dict.fromkeys(f"`{trial.assertion}`" for trial in trials if trial.assertion)
    if not conditions:
        return trials[0].detail
    shown = ", ".join(list(conditions)[:4]) + (", …" if len(conditions) > 4 else "")
    return f"{shown} {'does' if len(conditions) == 1 else 'do'} not hold"


def reason_without_issue(trial: Trial, reported: bool) -> str:
    """The text in place of issues if a rejected input has none."""
    if not trial.told:
        return "no issue reports it"
    return "no other size was requested" if reported and trial.assertion else ""


def origin(trial: Trial) -> str:
    """`input 3 (zeros)`."""
    return f"input {trial.number} ({trial.origin})"


def named(issue: Issue) -> str:
    """An issue as one line."""
    where = f" at {place(issue.location)}" if issue.location else ""
    return f"{issue.code} {issue.name}{where}"


def rejections(found: Verification) -> list[list[Trial]]:
    """Rejected inputs grouped by their issues or else by their text, most frequent group first."""
    groups: dict[tuple[str, ...], list[Trial]] = {}
    for trial in found.ended(Outcome.REJECTED):
        cause = tuple(map(named, trial.issues)) or (trial.assertion or trial.detail,)
        groups.setdefault(cause, []).append(trial)
    return sorted(groups.values(), key=lambda trials: -len(trials))


def wrongly_accepted(found: Verification) -> list[Trial]:
    """Inputs that the program accepts although the model raises on them."""
    return [trial for trial in found.ended(Outcome.RAISED) if not trial.told]
