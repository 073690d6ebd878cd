"""TD602 branch-mismatch."""

from __future__ import annotations

from torchdraft._trace.events import BranchMismatched
from torchdraft.model import Issue, Severity
from torchdraft.rules.rule import Rule


class BranchMismatch(Rule[BranchMismatched]):
    """
    ## What it does

    Reports a `torch.cond` whose branches return different things: another structure, dtype or device.

    ## Why it matters

    One node of the graph can't have two kinds of outputs. The program holds the branch that the example took and
    asserts the condition. Eager `torch.cond` checks its branches too, so such a model runs only where compiling is off
    (`torch.compiler.set_stance("force_eager")`).

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
        return self.found(
            event,
            f"The branches of `torch.cond` don't match: {event.left} against {event.right}. The program holds the "
            "branch that the example took and asserts the condition.",
            expr="torch.cond",
            data={"left": event.left, "right": event.right},
        )

    def identity(self, event: BranchMismatched) -> tuple[object, ...]:
        return (event.left, event.right)
