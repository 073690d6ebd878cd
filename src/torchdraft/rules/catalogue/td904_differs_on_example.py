"""TD904 differs-on-example."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import NotChecked
from torchdraft.rules.rule import Rule


class DiffersOnExample(Rule[NotChecked]):
    """
    ## What it does

    Reports that the program's result on the example differs from the eager model's, and that no rung of the ladder
    produced a program with the same result.

    ## Why it matters

    The program is wrong on the inputs from which it was made. Use it to inspect the graph and not to run it.

    ## Example

    The output of the model differs from call to call, so that no program can compute it:

    ```python
    import itertools
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.turns = itertools.count(1)

        def forward(self, x):
            return x * next(self.turns)

    # TD904
    args = (torch.ones(3),)
    ```

    ## Use instead

    Fix the other issues of the report first, above all those of severity `baked`: one of them is usually the cause.
    Pass values that change from call to call as inputs, unless they are state in buffers.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x, turn):
            return x * turn

    args = (torch.ones(3), torch.tensor(1))
    ```

    ## Fix safety

    Depends on the cause.
    """

    code = "TD904"
    name = "differs-on-example"
    severity = Severity.BAKED
    mend = "Mend the other issues first, above all those that are `baked`."
    takes = (NotChecked,)

    def accepts(self, event: NotChecked) -> bool:
        return event.wrong

    def issue(self, event: NotChecked) -> Issue:
        return self.found(
            event,
            f"The program differs from the eager model on the example: {event.reason}",
            data={"reason": event.reason},
        )

    def identity(self, event: NotChecked) -> tuple[object, ...]:
        return (event.reason,)
