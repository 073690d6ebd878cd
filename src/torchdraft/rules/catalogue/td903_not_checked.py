"""TD903 not-checked."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import NotChecked
from torchdraft.rules.rule import Rule


class NotCheckedRule(Rule[NotChecked]):
    """
    ## What it does

    Says what of the program was not compared with the model's own run on the example.

    ## Why it matters

    Nothing is known to be wrong. Comparing costs a run of the model, which is skipped where it would cost much more
    than the trace, and is impossible where weights have no data.

    ## Example

    A model built under `fake_weights()`: there is nothing to run.

    ```python
    import torch
    import torchdraft

    # TD903
    with torchdraft.fake_weights():
        model = torch.nn.Linear(3, 2)
    args = (torch.ones(4, 3),)
    ```

    ## Use instead

    Compare once yourself, where the weights are: `ep.module()(*args)` beside `model(*args)`. A draft with the weights
    does so.

    ```python
    import torch

    model = torch.nn.Linear(3, 2)
    args = (torch.ones(4, 3),)
    ```

    ## Fix safety

    A comparison changes neither the model nor the program, unless the model changes its own state when it runs.
    """

    code = "TD903"
    name = "not-checked"
    severity = Severity.NOTE
    takes = (NotChecked,)

    def accepts(self, event: NotChecked) -> bool:
        return not event.wrong

    def issue(self, event: NotChecked) -> Issue:
        return self.found(event, f"Not compared with eager: {event.reason}", data={"reason": event.reason})

    def identity(self, event: NotChecked) -> tuple[object, ...]:
        return (event.reason,)
