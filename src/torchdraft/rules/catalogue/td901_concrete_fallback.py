"""TD901 concrete-fallback."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import FellBack
from torchdraft.rules.rule import Rule

_MEMORY_ASKED_FOR = "but its data is not allocated yet"
"""What torch says when native code asks a tensor without data for its memory."""

_NATIVE = " (native code read the memory of a tensor: what it computed is a constant)"


class ConcreteFallback(Rule[FellBack]):
    """
    ## What it does

    Reports a submodule, or the whole model, that symbolic tracing could not follow. Its real run on the example was
    recorded instead.

    ## Why it matters

    What Python decided inside was decided by the example and is asserted; sizes that Python read inside are fixed. The
    rest of the model stays symbolic when only a submodule was recorded.

    Where native code asked for the memory of a tensor, what it computed from it is a constant of the program that
    nothing asserts: the severity is `baked` then.

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

    The issue has the exception that ended symbolic tracing and the line it came from. Keep such code out of `forward`,
    or make it an operator with `torch.library.custom_op`. Here the code asks for a class and means a kind of value:
    while tracing, tensors are of a subclass.

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

    Depends on the code that stood in the way.
    """

    code = "TD901"
    name = "concrete-fallback"
    severity = Severity.SPECIALIZED
    takes = (FellBack,)

    def issue(self, event: FellBack) -> Issue:
        native = _MEMORY_ASKED_FOR in event.exception
        recorded = f"the submodule `{event.module}`" if event.rung == "island" and event.module else "the whole model"
        return self.found(
            event,
            f"Symbolic tracing broke here, so the real run of {recorded} was recorded instead"
            f"{_NATIVE if native else ''}: {event.exception}",
            severity=Severity.BAKED if native else None,
            expr=event.module or None,
            data={"rung": event.rung, "exception": event.exception},
        )

    def identity(self, event: FellBack) -> tuple[object, ...]:
        return (event.rung, event.exception)
