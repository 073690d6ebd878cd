"""TD900 rule-failed."""

from __future__ import annotations

from typing import Any

from torchdraft._source.locations import user_frames
from torchdraft.model import Issue, Severity
from torchdraft.model.events import Event
from torchdraft.rules.plugins import BrokenPlugin
from torchdraft.rules.rule import Rule


class RuleFailed(Rule[Event]):
    """
    ## What it does

    Reports that a rule of torchdraft, or of a package that adds rules, raised an exception, or that such a package
    registered something that can't be used as a rule.

    ## Why it matters

    The program is as it is; what the rule would have said about it is missing from the report.

    ## Example

    A rule that reads a field which its event does not have.

    ## Use instead

    Nothing in the model has to change. Tell the package that the rule comes from; the issue names the rule, the event
    and the exception.

    ## Fix safety

    Rules run after the trace: mending one changes the report, never the program.
    """

    code = "TD900"
    name = "rule-failed"
    severity = Severity.NOTE
    takes = ()

    def issue(self, event: Event) -> Issue:
        raise TypeError(f"{self.code} takes no event, it stands in for a rule that raised on one: {event}")

    def crashed(self, rule: Rule[Any], event: Event, error: Exception) -> Issue:
        """The note that stands in for what `rule` would have said about `event`."""
        exception = f"{type(error).__name__}: {error}"
        stack = user_frames(event.stack)
        return Issue(
            code=self.code,
            name=self.name,
            severity=self.severity,
            message=f"Rule {rule.code} ({rule.name}) failed on a {type(event).__name__} event: {exception}",
            location=stack[-1] if stack else None,
            user_stack=stack,
            data={"rule": rule.code, "event": type(event).__name__, "exception": exception},
        )

    def not_loaded(self, plugin: BrokenPlugin) -> Issue:
        """The note that stands in for everything that a rule of another package would have said."""
        return Issue(
            code=self.code,
            name=self.name,
            severity=self.severity,
            message=f"A rule that another package registers can't be used ({plugin.entry}): {plugin.exception}",
            data={"rule": plugin.entry, "exception": plugin.exception},
        )
