"""TD401 input-mutation."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import InputMutated
from torchdraft.rules.rule import Rule


class InputMutation(Rule[InputMutated]):
    """
    ## What it does

    Reports that the model mutates one of its inputs.

    ## Why it matters

    The program does the same: its signature names the input that it mutates. Runtimes that pass read-only or shared
    memory may not expect it.

    If the model assigns other memory to an input (`x.data = y`), the program copies the new values into the input's own
    memory. If they do not fit, or if another input shares the memory, the program leaves the input unchanged (`baked`).
    The same holds for a container or an object whose content the model changes (`batch["mask"] = ...`), because a
    program can mutate only tensors.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            x.add_(1)  # TD401
            return x * 2

    args = (torch.ones(3),)
    ```

    ## Use instead

    Create a new tensor.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            x = x + 1
            return x * 2

    args = (torch.ones(3),)
    ```

    ## Fix safety

    A caller that relies on the mutation no longer gets it.
    """

    code = "TD401"
    name = "input-mutation"
    severity = Severity.NOTE
    mend = "Make a new tensor and return it, where the caller does not expect the write."
    takes = (InputMutated,)

    def issue(self, event: InputMutated) -> Issue:
        if event.kept:
            message = f"The model writes to its input `{event.name}`; the program does the same."
        elif event.holds_others:
            message = f"The model changes the content of its input `{event.name}`. The program leaves it unchanged."
        else:
            message = f"The model assigns other memory to its input `{event.name}`. The program leaves it unchanged."
        return self.found(
            event,
            message,
            severity=Severity.NOTE if event.kept else Severity.BAKED,
            expr=event.name,
            data={"input": event.name},
        )

    def identity(self, event: InputMutated) -> tuple[object, ...]:
        return (event.name,)
