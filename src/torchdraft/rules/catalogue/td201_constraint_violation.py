"""TD201 constraint-violation."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ConstraintViolated
from torchdraft.rules.rule import Rule

from .dimension import dimension_data


class ConstraintViolation(Rule[ConstraintViolated]):
    """
    ## What it does

    Reports a dimension that `dynamic_shapes` declares dynamic with `Dim` or `Dim.DYNAMIC` and that the model fixes,
    narrows or ties to another dimension, or of which the example itself is not what was declared.

    ## Why it matters

    The program takes fewer shapes than were asked for; the others raise. `torch.export.export` refuses such a model
    with a `ConstraintViolationError`.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if x.size(0) > 10:  # TD201
                return x[:10] * 2
            return x

    args = (torch.ones(12, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim("rows")}}
    ```

    ## Use instead

    Declare the range that the model's path holds for, as the issue's `dynamic_shapes` does …

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if x.size(0) > 10:
                return x[:10] * 2
            return x

    args = (torch.ones(12, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim("rows", min=11)}}
    ```

    … or write the model without the branch, or export one program for each side of it.

    ## Fix safety

    Narrowing the range changes what the program accepts, never what it computes. The report's `new_dynamic_shapes` are
    those that hold, as data; the issue's `fix` is the code for them.
    """

    code = "TD201"
    name = "constraint-violation"
    severity = Severity.SPECIALIZED
    takes = (ConstraintViolated,)

    def issue(self, event: ConstraintViolated) -> Issue:
        return self.found(
            event,
            f"`{event.dimension}` was declared {event.asked}; the program holds for `{event.got}`, because of "
            f"`{event.guard}`, and raises on other sizes.",
            expr=event.guard,
            value=event.got,
            data=dimension_data(event),
        )

    def identity(self, event: ConstraintViolated) -> tuple[object, ...]:
        return (event.dimension, event.got, event.guard)
