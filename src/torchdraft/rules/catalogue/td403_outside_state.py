"""TD403 outside-state."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import OutsideStateWritten
from torchdraft.rules.rule import Rule


class OutsideState(Rule[OutsideStateWritten]):
    """
    ## What it does

    Reports a tensor of the trace that the model left outside itself: in a global, a closure, a cache, a class
    attribute.

    ## Why it matters

    The program computes the outputs only. Whoever reads that global afterwards finds what was there before, and a model
    that reads it back in the next call is frozen to the example's value. A table of no input's data or size, made once
    and kept in a cache, is made anew in every call of the program, and nothing else changes (`note`). What holds no
    tensor is left there once more and the model traced again: where that gives the same program, as it does where a
    library notes that it is set up, the issue is a `note` too.

    ## Example

    ```python
    import torch

    history = []

    class Model(torch.nn.Module):
        def forward(self, x):
            y = x * 2
            history.append(y)  # TD403
            return y + 1

    args = (torch.ones(3),)
    ```

    ## Use instead

    Return it.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            y = x * 2
            return y + 1, y

    args = (torch.ones(3),)
    ```

    ## Fix safety

    Callers get one more output.
    """

    code = "TD403"
    name = "outside-state"
    severity = Severity.BAKED
    takes = (OutsideStateWritten,)

    def issue(self, event: OutsideStateWritten) -> Issue:
        return self.found(
            event,
            f"The model left something in `{event.name}`, outside of itself. The program leaves nothing there"
            + (": another call does the same without it." if event.same_each_time else "."),
            severity=Severity.NOTE if event.same_each_time else Severity.BAKED,
            expr=event.name,
            data={"name": event.name},
        )

    def identity(self, event: OutsideStateWritten) -> tuple[object, ...]:
        return (event.name,)
