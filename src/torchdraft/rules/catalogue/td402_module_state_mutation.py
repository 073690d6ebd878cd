"""TD402 module-state-mutation."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import AttributeWritten
from torchdraft.rules.rule import Rule


class ModuleStateMutation(Rule[AttributeWritten]):
    """
    ## What it does

    Reports a module attribute that `forward` assigns, and hooks that it registers or removes.

    ## Why it matters

    A graph keeps writes to buffers (`note`), also where `forward` assigns another tensor of the same shape and dtype:
    its values are copied into the old one. A write to a plain attribute is lost (`baked`), and so is a buffer that
    becomes another shape or dtype, appears or goes: the second call of the program sees what the first call saw, where
    the model would see the new value. A table made in the first call, of no input's data or size, is made anew in every
    call of the program, and nothing else changes (`note`). So it is with numbers and texts that a call sets before it
    reads them (sizes of inputs among them), and with hooks that the first call sets up: a second trace, from the state
    that the first call left, gave the same program and left the same state.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.total = torch.zeros(3)

        def forward(self, x):
            self.total = self.total + x  # TD402
            return self.total * 2

    args = (torch.ones(3),)
    ```

    ## Use instead

    A buffer, written in place.

    ```python
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("total", torch.zeros(3))

        def forward(self, x):
            self.total.add_(x)
            return self.total * 2

    args = (torch.ones(3),)
    ```

    State that the caller should own is better passed in and returned.

    ## Fix safety

    A buffer is part of `state_dict` and moves with the module; `persistent=False` keeps it out of the former.
    """

    code = "TD402"
    name = "module-state-mutation"
    severity = Severity.BAKED
    takes = (AttributeWritten,)

    def issue(self, event: AttributeWritten) -> Issue:
        harmless = event.kept or event.same_each_time
        kept, lost = "The graph keeps the write.", "The graph can't keep the write: every call of the program "
        outcome = kept if event.kept else lost + ("makes it anew." if harmless else "starts from the old value.")
        return self.found(
            event,
            f"`forward` assigns the module attribute `{event.name}` ({event.before} → {event.after}). {outcome}",
            severity=Severity.NOTE if harmless else Severity.BAKED,
            expr=event.name,
            value=event.after,
            data={"attribute": event.name, "before": event.before, "after": event.after, "kept": event.kept},
        )

    def identity(self, event: AttributeWritten) -> tuple[object, ...]:
        return (event.name.rpartition(".")[2], event.kept, event.same_each_time)
