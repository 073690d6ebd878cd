"""TD601 caught-exception."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ExceptionCaught
from torchdraft.rules.rule import Rule


class CaughtException(Rule[ExceptionCaught]):
    """
    ## What it does

    Reports an exception that the model raised and caught during the trace.

    ## Why it matters

    A graph has no `try`. It contains the path that the example took, without the operation that failed. An input on
    which this operation would succeed takes the same path.

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

    Test a condition on shapes or dtypes, which are known during the trace, before the operation.

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

    The condition must cover every case in which the operation fails.
    """

    code = "TD601"
    name = "caught-exception"
    severity = Severity.GUARDED
    takes = (ExceptionCaught,)

    def issue(self, event: ExceptionCaught) -> Issue:
        return self.found(
            event,
            f"The model caught an exception while it was traced: {event.exception}. The program contains the path "
            "taken after it.",
            expr=event.exception,
            data={"exception": event.exception},
        )

    def identity(self, event: ExceptionCaught) -> tuple[object, ...]:
        return (event.exception,)
