"""TD903 not-checked."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import NotChecked
from torchdraft.rules.rule import Rule


class NotCheckedRule(Rule[NotChecked]):
    """
    ## What it does

    Reports the part of the program that was not compared with the eager model on the example.

    ## Why it matters

    No error is known. The comparison needs a run of the model, which is skipped if it would take much longer than the
    trace, and is impossible if weights have no data.

    ## Example

    A model built under `fake_weights()` cannot be run.

    ```python
    import torch
    import torchdraft

    # TD903
    with torchdraft.fake_weights():
        model = torch.nn.Linear(3, 2)
    args = (torch.ones(4, 3),)
    ```

    ## Use instead

    Compare `ep.module()(*args)` with `model(*args)` once where the weights have data. A draft with the weights does
    this.

    ```python
    import torch

    model = torch.nn.Linear(3, 2)
    args = (torch.ones(4, 3),)
    ```

    ## Fix safety

    A comparison changes neither the model nor the program, unless a run changes the state of the model.
    """

    code = "TD903"
    name = "not-checked"
    severity = Severity.NOTE
    mend = "Compare the program with the model once where the weights have data."
    takes = (NotChecked,)

    def accepts(self, event: NotChecked) -> bool:
        return not event.wrong

    def issue(self, event: NotChecked) -> Issue:
        return self.found(event, f"Not compared with the eager model: {event.reason}", data={"reason": event.reason})

    def identity(self, event: NotChecked) -> tuple[object, ...]:
        return (event.reason,)
