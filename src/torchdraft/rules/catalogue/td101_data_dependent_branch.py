"""TD101 data-dependent-branch."""

from __future__ import annotations

from torchdraft._source.symbolic.captured import shown
from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import GuardResolved
from torchdraft.rules.rewrites.branch import branch_as_cond
from torchdraft.rules.rule import Rule

from .constants import REFUSED
from .resolved_guards import expression_of, guard_identity, guard_issue


class DataDependentBranch(Rule[GuardResolved]):
    """
    ## What it does

    Reports a Python branch (`if`, `while`, `assert`, `and`, a comparison used as a truth value) whose condition depends
    on the values inside a tensor.

    ## Why it matters

    A graph contains one path. The values of the example select it, and the graph asserts the condition: an input that
    would take the other path raises at the assertion and does not return a wrong result. `torch.export.export` refuses
    such a model with `GuardOnDataDependentSymNode`.

    A condition on a tensor that the code creates from constants (`torch.ones(3).all()`) has the same value in every
    call. The issue is then a note: nothing is assumed, but `torch.export.export` cannot evaluate the condition.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if x.sum() > 0:  # TD101
                return x * 2
            return x

    args = (torch.ones(3),)
    ```

    ## Use instead

    `draft_export(…, paths="all")` keeps both sides of the branch without a change of the model. In the model,
    `torch.cond` keeps both paths, and `torch.where` selects element by element.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x.clone(), (x,))

    args = (torch.ones(3),)
    ```

    If the condition always holds, `torch._check(condition)` states this, and the branch needs no guard.

    ## Fix safety

    `torch.cond` requires branches that return the same structure, dtypes and devices, and that do not return their
    operands unchanged. `torch.where` computes both sides, so that a side which fails on some inputs (a division, an
    index) fails on these inputs.
    """

    code = "TD101"
    name = "data-dependent-branch"
    severity = Severity.GUARDED
    mend = "Keep both sides with `torch.cond` or `torch.where`, or state what always holds with `torch._check`."
    takes = (GuardResolved,)

    def accepts(self, event: GuardResolved) -> bool:
        return event.kind == "branch" and event.by == "code"

    def issue(self, event: GuardResolved) -> Issue:
        return guard_issue(self, event, _message)

    def code_to_write(self, event: GuardResolved, location: Location | None) -> str:
        own = location is not None and event.inside is None and not event.constant
        return branch_as_cond(location) if own and location is not None else ""

    def identity(self, event: GuardResolved) -> tuple[object, ...]:
        return guard_identity(event)

    def instance(self, event: GuardResolved) -> tuple[str, str]:
        return expression_of(event), shown(event.value)


def _message(event: GuardResolved, expr: str, value: str) -> str:
    if event.constant:
        return f"A branch depends on a tensor of constants: {expr} is {value} in every call of the program. {REFUSED}"
    message = (
        f"A branch depends on a tensor's data: {expr} was {value}. "
        "The program follows that path and raises where the condition differs."
    )
    return f"{message} Its other side is not kept: {event.other_side}." if event.other_side else message
