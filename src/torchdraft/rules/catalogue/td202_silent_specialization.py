"""TD202 silent-specialization."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import DimensionSpecialized
from torchdraft.rules.rule import Rule

from .dimension import dimension_data


class SilentSpecialization(Rule[DimensionSpecialized]):
    """
    ## What it does

    Reports a dimension left to the tracer (`Dim.AUTO` or a hint) that became constant, was narrowed, or was tied
    to another dimension.

    ## Why it matters

    `torch.export.export` does not report this: it returns a program, which raises in production on the first batch of
    another size.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.offsets = torch.nn.Parameter(torch.zeros(6, 3))

        def forward(self, x):
            return x + self.offsets  # TD202

    args = (torch.ones(6, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim.AUTO}}
    ```

    ## Use instead

    Make the model work for every size …

    ```python
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.offsets = torch.nn.Parameter(torch.zeros(64, 3))

        def forward(self, x):
            return x + self.offsets[: x.shape[0]]

    args = (torch.ones(6, 3),)
    dynamic_shapes = {"x": {0: torch.export.Dim.AUTO(max=64)}}
    ```

    … or declare `Dim.STATIC` for a size that never changes.

    ## Fix safety

    `Dim.STATIC` does not change the program. If the dimension becomes dynamic, a compiler may select other kernels.
    """

    code = "TD202"
    name = "silent-specialization"
    severity = Severity.SPECIALIZED
    mend = "Change the line so that it works for every size, or declare `Dim.STATIC`."
    takes = (DimensionSpecialized,)

    def accepts(self, event: DimensionSpecialized) -> bool:
        return event.reason == "guard"

    def issue(self, event: DimensionSpecialized) -> Issue:
        because = f", because of `{event.guard}`" if event.guard else ""
        return self.found(
            event,
            f"`{event.dimension}` was left dynamic ({event.asked}) and became `{event.got}`{because}. "
            "The program raises on other sizes.",
            expr=event.guard or None,
            value=event.got,
            data=dimension_data(event),
        )

    def identity(self, event: DimensionSpecialized) -> tuple[object, ...]:
        return (event.dimension, event.got, event.guard)
