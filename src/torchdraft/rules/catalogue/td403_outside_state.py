"""TD403 outside-state."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import OutsideStateWritten
from torchdraft.rules.rule import Rule


class OutsideState(Rule[OutsideStateWritten]):
    """
    ## What it does

    Reports a tensor or another value that the model stored in global or closure state: a global, a closure, a cache, a
    class attribute.

    ## Why it matters

    The program computes only the outputs. Code that reads the global afterwards finds the old value, and a model that
    reads it in the next call is frozen to the example's value.

    The issue is a `note` if the value depends neither on the data nor on the size of an input, such as a cached table:
    every call of the program computes it again. It is also a `note` for a value without tensors, such as a library's
    mark that it is initialised, if a second trace with this value in place produces the same program.

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

    Return the tensor.

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
    mend = "Return the value, or keep it in a buffer."
    takes = (OutsideStateWritten,)

    def issue(self, event: OutsideStateWritten) -> Issue:
        return self.found(
            event,
            f"The model stored a value in `{event.name}`, which is global or closure state. The program does not store "
            + ("it, and a further call computes the same without it." if event.same_each_time else "it."),
            severity=Severity.NOTE if event.same_each_time else Severity.BAKED,
            expr=event.name,
            data={"name": event.name},
        )

    def identity(self, event: OutsideStateWritten) -> tuple[object, ...]:
        return (event.name,)
