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

    A graph has no `try`. It contains the path that the example took, without the operation that failed. Where sizes
    and dtypes made it fail, which the program asserts, other inputs fail as well (`guarded`). Where the data of the
    example made it fail (`torch.linalg.cholesky`, an index, a custom operator), nothing asserts that: the program takes
    the same path for an input on which the operation would succeed (`baked`).

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
    mend = "Test a condition on shapes or dtypes before the operation, in the place of catching its exception."
    takes = (ExceptionCaught,)

    def issue(self, event: ExceptionCaught) -> Issue:
        return self.found(
            event,
            f"The model caught an exception while it was traced: {event.exception}. The program contains the path "
            f"taken after it{_BY_DATA if event.by_data else ''}.",
            severity=Severity.BAKED if event.by_data else Severity.GUARDED,
            expr=event.exception,
            data={"exception": event.exception, "by_data": event.by_data},
        )

    def identity(self, event: ExceptionCaught) -> tuple[object, ...]:
        return (event.exception, event.by_data)


_BY_DATA = ", also for data with which the operation would succeed"
