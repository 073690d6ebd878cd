"""TD900 rule-failed."""

from __future__ import annotations

from torchdraft.model import Issue
from torchdraft.model.events import Event
from torchdraft.rules import failures
from torchdraft.rules.rule import Rule


class RuleFailed(Rule[Event]):
    """
    ## What it does

    Reports that a rule of torchdraft or of another package raised an exception, or that a package registered something
    that cannot be used as a rule.

    ## Why it matters

    The program is not affected. The issues of this rule are missing from the report.

    ## Example

    A rule reads a field that its event does not have.

    ## Use instead

    The model needs no change. Report the error to the package of the rule; the issue names the rule, the event and the
    exception.

    ## Fix safety

    Rules run after the trace: a corrected rule changes the report and not the program.
    """

    code = failures.CODE
    name = failures.NAME
    severity = failures.SEVERITY
    mend = "Report the error to the package of the rule."
    takes = ()

    def issue(self, event: Event) -> Issue:
        raise TypeError(f"{self.code} takes no events; `rules/failures.py` makes its issues. Event: {event}")
