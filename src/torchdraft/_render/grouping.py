"""Groups issues that one cause made, for the renderers: a line that asks the same about a hundred sizes is shown once.

Only what is shown is grouped. The report and its JSON have each issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from torchdraft.model import Issue

MOST_CONDITIONS = 5
"""Different conditions of one expression in the source that are shown one by one. Where there are more, a loop or a
repeated layer asks there about sizes that it computes from one another."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def grouped(issues: Iterable[Issue]) -> list[Issue]:
    """The issues, in which those of one cause are one issue with the count of all. It stands where the first was."""
    return [_merged(group) for group in groups(issues)]


def groups(issues: Iterable[Issue]) -> list[list[Issue]]:
    """The issues of each cause, in the order of the first ones."""
    places: dict[tuple[object, ...], list[Issue]] = {}
    for issue in issues:
        places.setdefault(_place(issue), []).append(issue)
    return [group for at_one_place in places.values() for group in _by_condition(at_one_place)]


def _place(issue: Issue) -> tuple[object, ...]:
    """A key of rule, severity and expression in the source. An issue without a place has its own."""
    at = issue.location
    if at is None or at.column is None:
        return (issue.code, issue.severity, at, _NUMBER.sub("N", issue.message))
    return (issue.code, issue.severity, at.file, at.line, at.column, at.end_column)


def _by_condition(issues: Sequence[Issue]) -> list[list[Issue]]:
    """Issues of one place by their condition, in which numbers do not count; all of them if there are too many."""
    conditions: dict[str, list[Issue]] = {}
    for issue in issues:
        conditions.setdefault(_NUMBER.sub("N", issue.expr or issue.message), []).append(issue)
    return [list(issues)] if len(conditions) > MOST_CONDITIONS else list(conditions.values())


def _merged(issues: Sequence[Issue]) -> Issue:
    """One issue for all: the first one, with the count, the submodules and the conditions of all."""
    first = issues[0]
    if len(issues) == 1:
        return first
    modules = dict.fromkeys(module for issue in issues for module in issue.modules)
    return replace(
        first,
        occurrences=sum(issue.occurrences for issue in issues),
        modules=tuple(modules),
        data={**first.data, "instances": [instance for issue in issues for instance in _instances(issue)]},
    )


def _instances(issue: Issue) -> list[dict[str, str]]:
    """What the issue assumed: expression and value of each time."""
    return issue.data.get("instances") or [{"expr": issue.expr or issue.message, "value": issue.value or ""}]
