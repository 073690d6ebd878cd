"""TD601 caught-exception."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ExceptionCaught
from torchdraft.rules.rule import Rule


class CaughtException(Rule[ExceptionCaught]):
    """
    ## What it does

    Reports an exception that the model raised and caught while it was traced.

    ## Why it matters

    A graph has no `try`. It holds the path that the example took, the failed operation left out; an input on which that
    operation would succeed takes the same path.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            try:
                return x.view(-1, 3) * 2  # TD601
            except RuntimeError:
                return x * 2

    args = (torch.ones(4),)
    ```

    ## Use instead

    Ask before, on something the graph knows: shapes and dtypes.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if x.numel() % 3 == 0:
                return x.view(-1, 3) * 2
            return x * 2

    args = (torch.ones(4),)
    ```

    ## Fix safety

    The condition has to be the one under which the operation fails, no narrower.
    """

    code = "TD601"
    name = "caught-exception"
    severity = Severity.GUARDED
    takes = (ExceptionCaught,)

    def issue(self, event: ExceptionCaught) -> Issue:
        return self.found(
            event,
            f"The model caught an exception while it was traced: {event.exception}. The program holds the path taken "
            "after it.",
            expr=event.exception,
            data={"exception": event.exception},
        )

    def identity(self, event: ExceptionCaught) -> tuple[object, ...]:
        return (event.exception,)
