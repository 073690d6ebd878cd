"""TD603 branch-kept."""

from __future__ import annotations

from torchdraft._source.symbolic.captured import shown
from torchdraft._source.symbolic.expressions import in_user_terms, source_of
from torchdraft.model import Issue, Severity
from torchdraft.model.events import BranchKept
from torchdraft.rules.rule import Rule


class BranchKeptRule(Rule[BranchKept]):
    """
    ## What it does

    Notes a branch of Python code of which a draft with `paths="all"` contains both sides, as `torch.cond`, or a loop
    that data ends and that it contains as `torch.while_loop`.

    ## Why it matters

    Nothing is assumed about the condition: the program evaluates it and runs that side. The other side was traced from
    the model's own code. The example does not reach it, so it is compared with the model only by
    `torchdraft.verify`, on inputs that do.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if x.sum() > 0:  # TD603
                return x * 2
            return x

    args = (torch.ones(3),)
    paths = "all"
    ```

    ## Use instead

    Nothing has to be changed. In the model, `torch.cond` says the same, and `torch.export.export` takes it too:

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x.clone(), (x,))

    args = (torch.ones(3),)
    paths = "all"
    ```

    ## Fix safety

    A program with many branches contains the operations of each side. `report.paths` has their numbers.
    """

    code = "TD603"
    name = "branch-kept"
    severity = Severity.NOTE
    mend = "Nothing has to be changed."
    takes = (BranchKept,)

    def issue(self, event: BranchKept) -> Issue:
        expr = in_user_terms(event.expr, event.symbols, event.locals) or source_of(event.stack[-1])
        one, other = event.operations
        message = (
            f"Both sides of a branch are in the program: `{expr}` was {shown(event.value)}, with {one} operations, and "
            f"the other side has {other}."
        )
        if event.loop:
            message = f"A loop is in the program with any number of turns, of {one} operations: `{expr}` ends it."
        return self.found(
            event,
            message,
            expr=expr,
            value=shown(event.value),
            symbols=event.symbols,
            data={"operations": list(event.operations), "loop": event.loop},
        )

    def identity(self, event: BranchKept) -> tuple[object, ...]:
        return (event.value, event.loop)
