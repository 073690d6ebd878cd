"""TD602 branch-mismatch."""

from __future__ import annotations

from torchdraft._source.captured import shown
from torchdraft._source.expressions import in_user_terms
from torchdraft.model import Issue, Severity
from torchdraft.model.events import BranchMismatched
from torchdraft.rules.rule import Rule


class BranchMismatch(Rule[BranchMismatched]):
    """
    ## What it does

    Reports a control flow operator (`torch.cond`, `while_loop`, `map`, `scan`) that the program can't hold as one: its
    branches return another structure, dtype or device each, or a branch asks what only a run can tell.

    ## Why it matters

    One node of the graph can't have two kinds of outputs. The program holds the path that the example took and asserts
    each condition on it: another path raises. Eager `torch.cond` compiles and checks its branches too, so a model whose
    branches disagree runs only where compiling is off (`torch.compiler.set_stance("force_eager")`).

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: (x * 2).double(), (x,))  # TD602

    args = (torch.ones(3),)
    ```

    ## Use instead

    Branches that agree.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x * 3, (x,))

    args = (torch.ones(3),)
    ```

    ## Fix safety

    Code behind the condition may rely on the difference.
    """

    code = "TD602"
    name = "branch-mismatch"
    severity = Severity.GUARDED
    takes = (BranchMismatched,)

    def issue(self, event: BranchMismatched) -> Issue:
        condition = None if event.expr is None else in_user_terms(event.expr, event.symbols, event.locals)
        value = None if event.value is None else shown(event.value)
        branches = {name: ", ".join(map(shown, outputs)) for name, outputs in event.branches.items()}
        sides = "".join(f" The {name} branch returns `{outputs}`." for name, outputs in branches.items())
        was = f" `{condition}` was {value}." if condition else ""
        return self.found(
            event,
            f"The program could not keep `{event.operator}` whole. It holds the path that the example took and asserts "
            f"the conditions on it.{was}{sides} The reason: {event.reason}",
            expr=condition or event.operator,
            value=value,
            symbols=event.symbols,
            data={"operator": event.operator, "reason": event.reason, "branches": branches},
        )

    def identity(self, event: BranchMismatched) -> tuple[object, ...]:
        return (event.operator, event.reason)
