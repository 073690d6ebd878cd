"""TD404 python-randomness-or-clock."""

from __future__ import annotations

from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import ImpureCall
from torchdraft.rules.rewrites.random_calls import in_torch
from torchdraft.rules.rule import Rule


class PythonRandomnessOrClock(Rule[ImpureCall]):
    """
    ## What it does

    Reports that the model read a value that can differ between calls and is not a tensor: Python's or NumPy's random
    numbers, a clock, the environment, a file, the existence of a file, the content of a folder, whether gradients are
    on.

    ## Why it matters

    The graph contains the value that was read during the trace as a constant. A time that was only logged or a UUID
    that only became a name does not affect the graph (`note`): a second trace, which reads other times and UUIDs,
    produces the same program. The issue is also a `note` for an environment variable that is not set, because the model
    then uses its own default.

    ## Example

    ```python
    import random
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x * random.random()  # TD404

    args = (torch.ones(3),)
    ```

    ## Use instead

    Use torch's random numbers, which are operations of the graph.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x * torch.rand(())

    args = (torch.ones(3),)
    ```

    Read settings from the environment or a file in `__init__`, and pass the time as an input.

    ## Fix safety

    `torch.rand` uses torch's generator: seeds of `random` or NumPy no longer have an effect.
    """

    code = "TD404"
    name = "python-randomness-or-clock"
    severity = Severity.BAKED
    mend = "Draw random numbers with torch; read settings in `__init__`; pass the time as an input."
    takes = (ImpureCall,)

    def issue(self, event: ImpureCall) -> Issue:
        effect = "The program contains the value as a constant."
        if event.unused:
            effect = "A second trace, which read another value, produced the same program."
        if event.absent:
            effect = "The variable is not set, so the program uses the model's default."
        return self.found(
            event,
            f"`{event.what}` was read while tracing. {effect}",
            severity=Severity.NOTE if event.unused or event.absent else None,
            expr=event.what,
            data={"what": event.what},
        )

    def replacement(self, event: ImpureCall, location: Location | None) -> str:
        return "" if event.unused or event.absent else in_torch(location)

    def identity(self, event: ImpureCall) -> tuple[object, ...]:
        return (event.what, event.unused, event.absent)
