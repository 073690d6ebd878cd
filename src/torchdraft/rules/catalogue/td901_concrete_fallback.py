"""TD901 concrete-fallback."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import FellBack
from torchdraft.rules.rule import Rule

_NO_MEMORY = "but its data is not allocated yet"
"""Part of the message of torch's exception when native code reads the memory of a tensor without data."""

_NATIVE = " (native code read the memory of a tensor: its result is a constant)"


class ConcreteFallback(Rule[FellBack]):
    """
    ## What it does

    Reports a submodule, or the whole model, in which symbolic tracing failed. Its run on the values of the example was
    recorded instead.

    ## Why it matters

    The values of the example determine the decisions of Python in the recorded part, and the program asserts them;
    sizes that Python read there are constant. If only a submodule was recorded, the rest of the model stays symbolic.

    If native code read the memory of a tensor, its result is a constant of the program, which cannot be asserted. The
    severity is then `baked`.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if x.__class__ is not torch.Tensor:
                raise TypeError("plain tensors only")  # TD901
            return torch.relu(x)

    args = (torch.ones(2, 3),)
    ```

    ## Use instead

    The issue contains the exception that ended symbolic tracing and its line. Move such code out of `forward`, or make
    it an operator with `torch.library.custom_op`. In the example the code compares a class, but tensors are instances
    of a subclass during the trace.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if not isinstance(x, torch.Tensor):
                raise TypeError("tensors only")
            return torch.relu(x)

    args = (torch.ones(2, 3),)
    ```

    ## Fix safety

    Depends on the code at this line.
    """

    code = "TD901"
    name = "concrete-fallback"
    severity = Severity.SPECIALIZED
    mend = "Move the code out of `forward`, or make it an operator with `torch.library.custom_op`."
    takes = (FellBack,)

    def issue(self, event: FellBack) -> Issue:
        native = _NO_MEMORY in event.exception
        recorded = f"the submodule `{event.module}`" if event.rung == "island" and event.module else "the whole model"
        return self.found(
            event,
            f"Symbolic tracing failed here, so the run of {recorded} on real values was recorded instead"
            f"{_NATIVE if native else ''}: {event.exception}",
            severity=Severity.BAKED if native else None,
            expr=event.module or None,
            data={"rung": event.rung, "exception": event.exception},
        )

    def identity(self, event: FellBack) -> tuple[object, ...]:
        return (event.rung, event.exception)
