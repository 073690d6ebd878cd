"""TD304 stand-in-weight."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import StandIn
from torchdraft.rules.rule import Rule


class StandInWeight(Rule[StandIn]):
    """
    ## What it does

    Reports that the trace needed a value which depends on a weight without data (a model built under `fake_weights()`),
    and that seeded random numbers were used as a surrogate for the weight.

    ## Why it matters

    The program asserts what the trace derived from the value. If the true weights give another value, it raises.

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

    Draft with the true weights, or make the choice in the graph.

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

    A draft with the true weights needs their memory. Nothing else changes.
    """

    code = "TD304"
    name = "stand-in-weight"
    severity = Severity.GUARDED
    mend = "Draft with the true weights, or make the choice in the graph."
    takes = (StandIn,)

    def issue(self, event: StandIn) -> Issue:
        return self.found(
            event,
            f"The trace needed a value that depends on the weight `{event.name}`, which has no data. Random numbers "
            f"(seed {event.seed}) were used as its surrogate; with the true weight an assertion of the program may "
            "fail.",
            expr=event.name,
            data={"weight": event.name, "seed": event.seed},
        )

    def identity(self, event: StandIn) -> tuple[object, ...]:
        return (event.name,)
