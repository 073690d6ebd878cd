"""TD203 zero-one-specialization."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import DimensionSpecialized
from torchdraft.rules.rule import Rule

from .dimension import dimension_data


class ZeroOneSpecialization(Rule[DimensionSpecialized]):
    """
    ## What it does

    Reports a dimension that was requested to be dynamic and whose size in the example is 0 or 1.

    ## Why it matters

    Sizes 0 and 1 behave differently from all others (size 1 broadcasts, size 0 is empty), so tracing specializes them.
    A program made from a batch of size 1 accepts only batches of size 1.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):  # TD203
            return x * 2

    args = (torch.ones(1, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim.AUTO}}
    ```

    ## Use instead

    Use an example of size 2 or more.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x * 2

    args = (torch.ones(2, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim.AUTO}}
    ```

    ## Fix safety

    A program traced at size 2 also accepts size 1, unless the model broadcasts the dimension. Test this size once.
    """

    code = "TD203"
    name = "zero-one-specialization"
    severity = Severity.SPECIALIZED
    mend = "Use an example of size 2 or more."
    takes = (DimensionSpecialized,)

    def accepts(self, event: DimensionSpecialized) -> bool:
        return event.reason == "zero-one"

    def issue(self, event: DimensionSpecialized) -> Issue:
        return self.found(
            event,
            f"`{event.dimension}` was requested to be dynamic ({event.asked}), but its size in the example is "
            f"{event.got}, which tracing specializes. Use an example of size 2 or more.",
            expr=event.guard or None,
            value=event.got,
            data=dimension_data(event),
        )

    def identity(self, event: DimensionSpecialized) -> tuple[object, ...]:
        return (event.dimension, event.got)
