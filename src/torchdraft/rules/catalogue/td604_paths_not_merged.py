"""TD604 paths-not-merged."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import PathsNotMerged
from torchdraft.rules.rule import Rule


class PathsNotMergedRule(Rule[PathsNotMerged]):
    """
    ## What it does

    Reports that a draft with `paths="all"` could not make a program with both sides of the model's branches.

    ## Why it matters

    The program is the one that `paths="example"` makes: it contains the path of the example and asserts each condition
    on it.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            def loss(x):
                return (x * 2 if x.sum() > 0 else x).sum()

            return torch.func.grad(loss)(x)

    args = (torch.ones(3),)
    paths = "all"
    # TD604
    ```

    The transform `torch.func.grad` runs the branch on tensors of its own, for which the graph has no nodes.

    ## Use instead

    Compute the condition outside of the transform, or write what the transform computes as a formula with
    `torch.where`.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.where(x.sum() > 0, 2.0, 1.0) * torch.ones_like(x)

    args = (torch.ones(3),)
    paths = "all"
    ```

    ## Fix safety

    `torch.where` computes both sides, so that a side which fails on some inputs (a division, an index) fails on these
    inputs.
    """

    code = "TD604"
    name = "paths-not-merged"
    severity = Severity.NOTE
    mend = "Compute the condition outside of the transform, or write the choice with `torch.where`."
    takes = (PathsNotMerged,)

    def issue(self, event: PathsNotMerged) -> Issue:
        return self.found(
            event,
            f"The sides of the model's branches could not be merged into one program: {event.exception}. The program "
            "contains the path of the example.",
            data={"exception": event.exception},
        )
