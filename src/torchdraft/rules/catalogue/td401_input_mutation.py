"""TD401 input-mutation."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import InputMutated
from torchdraft.rules.rule import Rule


class InputMutation(Rule[InputMutated]):
    """
    ## What it does

    Reports that the model writes to one of its inputs.

    ## Why it matters

    The program does the same: its signature names the input that it changes. Runtimes that hand over read-only or
    shared memory may not expect it.

    An input that gets other memory (`x.data = y`) has the new values copied into its own. Where they don't fit, or
    where another input shares that memory, the program leaves the input as it is (`baked`). So it does with a container
    or an object that the model adds to or takes from (`batch["mask"] = ...`): a program changes tensors alone.

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

    Make a new tensor.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            x = x + 1
            return x * 2

    args = (torch.ones(3),)
    ```

    ## Fix safety

    A caller that relies on the input being changed no longer sees the change.
    """

    code = "TD401"
    name = "input-mutation"
    severity = Severity.NOTE
    takes = (InputMutated,)

    def issue(self, event: InputMutated) -> Issue:
        if event.kept:
            said = f"The model writes to its input `{event.name}`; the program does the same."
        elif event.holds_others:
            said = f"The model adds to its input `{event.name}`, or takes from it. The program leaves it as it is."
        else:
            said = f"The model gives its input `{event.name}` other memory, which no program can. It stays as it is."
        return self.found(
            event,
            said,
            severity=Severity.NOTE if event.kept else Severity.BAKED,
            expr=event.name,
            data={"input": event.name},
        )

    def identity(self, event: InputMutated) -> tuple[object, ...]:
        return (event.name,)
