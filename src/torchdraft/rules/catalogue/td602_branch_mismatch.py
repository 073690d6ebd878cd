"""TD602 branch-mismatch."""

from __future__ import annotations

from torchdraft._source.symbolic.captured import shown
from torchdraft._source.symbolic.expressions import in_user_terms
from torchdraft.model import Issue, Severity
from torchdraft.model.events import BranchMismatched
from torchdraft.rules.rule import Rule


class BranchMismatch(Rule[BranchMismatched]):
    """
    ## What it does

    Reports a control flow operator (`torch.cond`, `while_loop`, `map`, `scan`) that the program cannot contain as one
    operator: its branches differ in structure, dtype or device, or a branch needs a value that only a run provides.

    ## Why it matters

    One node of the graph cannot have two kinds of outputs. The program contains the path that the example took and
    asserts each condition on it: another path raises. Eager `torch.cond` also compiles and checks its branches, so a
    model whose branches differ runs only if compilation is disabled (`torch.compiler.set_stance("force_eager")`).

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: (x * 2).double(), (x,))  # TD602

    args = (torch.ones(3),)
    ```

    ## Use instead

    Return the same structure, dtypes and devices from each branch.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x * 3, (x,))

    args = (torch.ones(3),)
    ```

    ## Fix safety

    Code after the operator may rely on the difference.
    """

    code = "TD602"
    name = "branch-mismatch"
    severity = Severity.GUARDED
    mend = "Return the same structure, dtypes and devices from each branch."
    takes = (BranchMismatched,)

    def issue(self, event: BranchMismatched) -> Issue:
        condition = None if event.expr is None else in_user_terms(event.expr, event.symbols, event.locals)
        value = None if event.value is None else shown(event.value)
        branches = {name: ", ".join(map(shown, outputs)) for name, outputs in event.branches.items()}
        sides = "".join(f" The {name} branch returns `{outputs}`." for name, outputs in branches.items())
        was = f" `{condition}` was {value}." if condition else ""
        return self.found(
            event,
            f"The program cannot contain `{event.operator}` as one operator. It contains the path that the example "
            f"took and asserts the conditions on it.{was}{sides} The reason: {event.reason}",
            expr=condition or event.operator,
            value=value,
            symbols=event.symbols,
            data={"operator": event.operator, "reason": event.reason, "branches": branches},
        )

    def identity(self, event: BranchMismatched) -> tuple[object, ...]:
        return (event.operator, event.reason)
