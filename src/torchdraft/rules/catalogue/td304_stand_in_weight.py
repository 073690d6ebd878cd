"""TD304 stand-in-weight."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import StandIn
from torchdraft.rules.rule import Rule


class StandInWeight(Rule[StandIn]):
    """
    ## What it does

    Reports that the trace needed a value which depends on a weight without data (a model built under `fake_weights()`),
    and that seeded random numbers stood in for the weight.

    ## Why it matters

    What the trace took from the value is asserted. The true weights may give another value; the program then raises.

    ## Example

    ```python
    import torch
    import torchdraft

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            if self.scale.sum() > 0:  # TD304
                return x * self.scale
            return x

    with torchdraft.fake_weights():
        model = Model()
    args = (torch.ones(3),)
    ```

    ## Use instead

    Draft with the true weights, or say the choice without data.

    ```python
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(3))

        def forward(self, x):
            return torch.where(self.scale.sum() > 0, x * self.scale, x)

    args = (torch.ones(3),)
    ```

    ## Fix safety

    Drafting with the true weights needs their memory; nothing else changes.
    """

    code = "TD304"
    name = "stand-in-weight"
    severity = Severity.GUARDED
    takes = (StandIn,)

    def issue(self, event: StandIn) -> Issue:
        return self.found(
            event,
            f"A value was needed that depends on the weight `{event.name}`, which has no data. Random numbers (seed "
            f"{event.seed}) stood in for it; with the true weight an assertion of the program may fail.",
            expr=event.name,
            data={"weight": event.name, "seed": event.seed},
        )

    def identity(self, event: StandIn) -> tuple[object, ...]:
        return (event.name,)
