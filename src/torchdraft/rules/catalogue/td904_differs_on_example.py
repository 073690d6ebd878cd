"""TD904 differs-on-example."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import NotChecked
from torchdraft.rules.rule import Rule


class DiffersOnExample(Rule[NotChecked]):
    """
    ## What it does

    Says that the program was run on the example beside the model, that the two differ, and that no rung of the
    ladder gave a program that agrees.

    ## Why it matters

    The program is wrong on the very inputs it was made from. Use it to look at the graph, not to run it.

    ## Example

    A model whose output differs from call to call, so that no program can agree with it:

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

    Mend the other issues of the report first, those of severity `baked` above all: one of them is usually the cause.
    What changes from call to call and is no state of the model's that a graph can keep is an input.

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
    takes = (NotChecked,)

    def accepts(self, event: NotChecked) -> bool:
        return event.wrong

    def issue(self, event: NotChecked) -> Issue:
        return self.found(
            event,
            f"The program differs from eager on the example itself: {event.reason}",
            data={"reason": event.reason},
        )

    def identity(self, event: NotChecked) -> tuple[object, ...]:
        return (event.reason,)
