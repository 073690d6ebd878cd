"""TD405 seeded-randomness."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import SeededDraw
from torchdraft.rules.rule import Rule


class SeededRandomness(Rule[SeededDraw]):
    """
    ## What it does

    Reports random numbers that were drawn after a seed which `forward` itself sets.

    ## Why it matters

    In eager the numbers are the same in every call, but no graph can seed a generator: `torch.export.export` keeps the
    draw, and its program gives other numbers. A draft holds the numbers as constants. Where their count depends on a
    dynamic dimension, that dimension is fixed. What `torch.manual_seed` does to the numbers that others draw after the
    call, the program does not do.

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

    Numbers that never change are a buffer.

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

    The numbers are the same. On another device the same seed gives others: a buffer moves there as it is.
    """

    code = "TD405"
    name = "seeded-randomness"
    severity = Severity.NOTE
    takes = (SeededDraw,)

    def issue(self, event: SeededDraw) -> Issue:
        return self.found(
            event,
            f"`{event.what}` draws after a seed that forward sets. The program holds the numbers: they are the same in "
            "every call.",
            expr=event.what,
            data={"what": event.what},
        )

    def identity(self, event: SeededDraw) -> tuple[object, ...]:
        return (event.what,)
