"""TD900 rule-failed."""

from __future__ import annotations

from torchdraft.model import Issue
from torchdraft.model.events import Event
from torchdraft.rules import failures
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

    code = failures.CODE
    name = failures.NAME
    severity = failures.SEVERITY
    takes = ()

    def issue(self, event: Event) -> Issue:
        raise TypeError(f"{self.code} takes no events; `rules/failures.py` makes its issues. Event: {event}")
