"""TD201 constraint-violation."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ConstraintViolated
from torchdraft.rules.rule import Rule

from .dimension import dimension_data


class ConstraintViolation(Rule[ConstraintViolated]):
    """
    ## What it does

    Reports a dimension that `dynamic_shapes` declares dynamic with `Dim` or `Dim.DYNAMIC`, and that the model makes
    constant, narrows or ties to another dimension, or whose size in the example does not fit the declaration.

    ## Why it matters

    The program accepts fewer shapes than requested and raises for the others. `torch.export.export` refuses such a
    model with a `ConstraintViolationError`.

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

    Declare the range for which the path of the example is valid, as the issue's `fix` does …

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

    … or write the model without the branch, or export one program for each side of the branch.

    Where the size in the example does not fit the declaration (4 for `Dim("rows", min=9)`, 5 for `2 * Dim("half")`, 3
    and 5 for one `Dim` in two places), correct the declaration or take another example. Until then the program serves
    the sizes that the model itself allows, the example among them; `torch.export.export` raises. A plain number that is
    not the size in the example, or a structure that the inputs do not have, is a `ValueError` here too: it declares
    nothing that a program could be made for.

    ## Fix safety

    A narrower range changes what the program accepts and not what it computes. `new_dynamic_shapes` of the report has
    the shapes that the program accepts, as an object; the issue's `fix` has them as code.
    """

    code = "TD201"
    name = "constraint-violation"
    severity = Severity.SPECIALIZED
    mend = "Declare the range that the issue names, or change the line that narrows the dimension."
    takes = (ConstraintViolated,)

    def issue(self, event: ConstraintViolated) -> Issue:
        outcome = f"the program holds for `{event.got}`, because of `{event.guard}`, and raises on other sizes."
        if event.contradicted:
            outcome = (
                f"{event.guard}. The tracer decided about this dimension instead, and the program holds for "
                f"{event.got}. Use an example that fits the declaration, or declare what fits the example."
            )
        return self.found(
            event,
            f"`{event.dimension}` was declared {event.asked}; {outcome}",
            expr=event.guard,
            value=event.got,
            data=dimension_data(event),
        )

    def identity(self, event: ConstraintViolated) -> tuple[object, ...]:
        return (event.dimension, event.got, event.guard)
