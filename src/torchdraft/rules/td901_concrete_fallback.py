"""TD901 concrete-fallback."""

from __future__ import annotations

from torchdraft._trace.events import FellBack
from torchdraft.model import Issue, Severity
from torchdraft.rules.rule import Rule


class ConcreteFallback(Rule[FellBack]):
    """
    ## What it does

    Reports a submodule, or the whole model, that symbolic tracing could not follow. Its real run on the example was
    recorded instead.

    ## Why it matters

    What Python decided inside was decided by the example and is asserted; sizes that Python read inside are fixed. The
    rest of the model stays symbolic when only a submodule was recorded.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if type(x) is not torch.Tensor:
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
        recorded = f"the submodule `{event.module}`" if event.rung == "island" and event.module else "the whole model"
        return self.found(
            event,
            f"Symbolic tracing broke here, so the real run of {recorded} was recorded instead: {event.exception}",
            expr=event.module or None,
            data={"rung": event.rung, "exception": event.exception},
        )

    def identity(self, event: FellBack) -> tuple[object, ...]:
        return (event.rung, event.exception)
