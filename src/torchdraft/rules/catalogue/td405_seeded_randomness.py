"""TD405 seeded-randomness."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import SeededDraw
from torchdraft.rules.rule import Rule


class SeededRandomness(Rule[SeededDraw]):
    """
    ## What it does

    Reports random numbers that are drawn after `forward` sets a seed.

    ## Why it matters

    In eager mode the numbers are the same in every call, but a graph cannot seed a generator: the program of
    `torch.export.export` draws other numbers. A draft contains the numbers as constants. If their count depends on a
    dynamic dimension, this dimension becomes constant. The program does not have the effect of `torch.manual_seed` on
    numbers that are drawn after the call.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            generator = torch.Generator().manual_seed(0)
            return x + torch.randn(3, generator=generator)  # TD405

    args = (torch.ones(3),)
    ```

    ## Use instead

    Store numbers that never change in a buffer.

    ```python
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("noise", torch.randn(3, generator=torch.Generator().manual_seed(0)))

        def forward(self, x):
            return x + self.noise

    args = (torch.ones(3),)
    ```

    ## Fix safety

    The numbers are the same. On another device the same seed gives other numbers, but a buffer keeps its values.
    """

    code = "TD405"
    name = "seeded-randomness"
    severity = Severity.NOTE
    mend = "Keep numbers that never change in a buffer."
    takes = (SeededDraw,)

    def issue(self, event: SeededDraw) -> Issue:
        return self.found(
            event,
            f"`{event.what}` draws random numbers after a seed that `forward` sets. The program contains the numbers, "
            "which are the same in every call.",
            expr=event.what,
            data={"what": event.what},
        )

    def identity(self, event: SeededDraw) -> tuple[object, ...]:
        return (event.what,)
