"""TD404 python-randomness-or-clock."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ImpureCall
from torchdraft.rules.rule import Rule


class PythonRandomnessOrClock(Rule[ImpureCall]):
    """
    ## What it does

    Reports that the trace read something that differs from call to call and is no tensor: Python's or NumPy's random
    numbers, a clock, the environment, a file, whether a file is there or what a folder holds.

    ## Why it matters

    The graph holds what was read during the trace, for ever. A time that was only logged and a UUID that only made a
    name are in no graph (`note`): a second trace, which hears of other times and other UUIDs, makes the same program. A
    variable that the environment does not set leaves the model at its default, which is no value from outside (`note`).

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

    torch's random numbers are operations of the graph.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x * torch.rand(())

    args = (torch.ones(3),)
    ```

    A setting read from the environment or a file belongs into `__init__`; the time belongs into an input.

    ## Fix safety

    `torch.rand` draws from torch's generator: seeds of `random` or NumPy no longer matter.
    """

    code = "TD404"
    name = "python-randomness-or-clock"
    severity = Severity.BAKED
    takes = (ImpureCall,)

    def issue(self, event: ImpureCall) -> Issue:
        kept = "The program keeps what it gave then."
        if event.unused:
            kept = "A second trace, which heard another answer, made the same program."
        if event.absent:
            kept = "The variable is not set: the program is the one of the model's default."
        return self.found(
            event,
            f"`{event.what}` was read while tracing. {kept}",
            severity=Severity.NOTE if event.unused or event.absent else None,
            expr=event.what,
            data={"what": event.what},
        )

    def identity(self, event: ImpureCall) -> tuple[object, ...]:
        return (event.what, event.unused, event.absent)
