"""The issues of TD900: a rule raised an exception, or a package registered something that is not a rule.

They are made here and not in the rule's own file, because `issues_from` must not depend on the catalogue.
"""

from __future__ import annotations

from typing import Any

from torchdraft._source.locations import user_frames
from torchdraft.model import Issue, Severity
from torchdraft.model.events import Event

from .plugins import BrokenPlugin
from .rule import Rule

CODE = "TD900"
NAME = "rule-failed"
SEVERITY = Severity.NOTE


def crashed(rule: Rule[Any], event: Event, error: Exception) -> Issue:
    """The issue that replaces the one that `rule` failed to make of `event`."""
    exception = f"{type(error).__name__}: {error}"
    stack = user_frames(event.stack)
    return Issue(
        code=CODE,
        name=NAME,
        severity=SEVERITY,
        message=f"Rule {rule.code} ({rule.name}) failed on a {type(event).__name__} event: {exception}",
        location=stack[-1] if stack else None,
        user_stack=stack,
        data={"rule": rule.code, "event": type(event).__name__, "exception": exception},
    )


def not_loaded(plugin: BrokenPlugin) -> Issue:
    """The issue that replaces all issues of a rule that another package failed to provide."""
    return Issue(
        code=CODE,
        name=NAME,
        severity=SEVERITY,
        message=f"A rule that another package registers can't be used ({plugin.entry}): {plugin.exception}",
        data={"rule": plugin.entry, "exception": plugin.exception},
    )
