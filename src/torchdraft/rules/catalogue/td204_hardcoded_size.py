"""TD204 hardcoded-size."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import DimensionSpecialized
from torchdraft.rules.rule import Rule

from .dimension import dimension_data


class HardcodedSize(Rule[DimensionSpecialized]):
    """
    ## What it does

    Reports a dimension that became constant because the model's source contains its size in the example as a
    literal.

    ## Why it matters

    The literal is usually the batch size of the training. The program raises for every other size, and so does the
    model.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x.view(32, -1)  # TD204

    args = (torch.ones(32, 2, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim.AUTO}}
    ```

    ## Use instead

    Take the size from the tensor.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x.view(x.size(0), -1)

    args = (torch.ones(32, 2, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim.AUTO}}
    ```

    ## Fix safety

    Both are equal on the example. If the literal is a different quantity that only equals this dimension by chance, use
    that quantity.
    """

    code = "TD204"
    name = "hardcoded-size"
    severity = Severity.SPECIALIZED
    mend = "Take the size from the tensor (`x.shape[0]`, or -1) in the place of the number."
    takes = (DimensionSpecialized,)

    def accepts(self, event: DimensionSpecialized) -> bool:
        return event.reason == "literal"

    def issue(self, event: DimensionSpecialized) -> Issue:
        because = f", because of `{event.guard}`," if event.guard else ""
        return self.found(
            event,
            f"`{event.dimension}` was requested to be dynamic ({event.asked}), but this line has its size in the "
            f"example as a literal. The program holds for `{event.got}`{because} and raises on other sizes.",
            expr=event.guard or None,
            value=event.got,
            data=dimension_data(event),
        )

    def identity(self, event: DimensionSpecialized) -> tuple[object, ...]:
        return (event.dimension, event.got)
