"""TD402 module-state-mutation."""

from __future__ import annotations

from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import AttributeWritten
from torchdraft.rules.rewrites.state import as_buffer
from torchdraft.rules.rule import Rule


class ModuleStateMutation(Rule[AttributeWritten]):
    """
    ## What it does

    Reports module attributes that `forward` assigns, and hooks that it registers or removes.

    ## Why it matters

    A graph contains writes to buffers (`note`). If `forward` assigns another tensor of the same shape and dtype, its
    values are copied into the buffer. A write to a plain attribute is lost (`baked`), and so is a buffer that is added,
    removed, or replaced by one of another shape or dtype: the second call of the program starts from the old value,
    where the model starts from the new one.

    A tensor that is no buffer is a constant of the program. If `forward` writes to it in place, so does the program
    (`note`), but the constant is in no `state_dict`, and decompositions do not support such a program.

    The issue is a `note` if the value depends neither on the data nor on the size of an input, such as a table that the
    first call creates: every call of the program computes it again. It is also a `note` for numbers and strings that a
    call sets before it reads them, and for hooks that the first call registers, if a second trace, which starts from
    the state after the first call, produces the same program and the same state.

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

    Use a buffer and write to it in place.

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

    State that belongs to the caller should be an input and an output.

    ## Fix safety

    A buffer is part of `state_dict` and moves with the module; with `persistent=False` it is not in `state_dict`.
    """

    code = "TD402"
    name = "module-state-mutation"
    severity = Severity.BAKED
    mend = "Keep the state in a buffer and write to it in place."
    takes = (AttributeWritten,)

    def issue(self, event: AttributeWritten) -> Issue:
        if event.in_place:
            return self.found(
                event,
                f"`forward` writes to the tensor that the module holds as `{event.name}` ({event.before}), which is no "
                "buffer. The program writes to its constant, and the next call starts from the new values.",
                severity=Severity.NOTE,
                expr=event.name,
                value=event.after,
                data={"attribute": event.name, "before": event.before, "after": event.after, "kept": True},
            )
        harmless = event.kept or event.same_each_time
        kept, lost = "The graph keeps the write.", "The graph cannot keep the write: every call of the program "
        outcome = kept if event.kept else lost + ("computes it again." if harmless else "starts from the old value.")
        return self.found(
            event,
            f"`forward` assigns the module attribute `{event.name}` ({event.before} → {event.after}). {outcome}",
            severity=Severity.NOTE if harmless else Severity.BAKED,
            expr=event.name,
            value=event.after,
            data={"attribute": event.name, "before": event.before, "after": event.after, "kept": event.kept},
        )

    def code_to_write(self, event: AttributeWritten, location: Location | None) -> str:
        lost = not (event.kept or event.same_each_time or event.in_place)
        return as_buffer(location, event.name, event.before, event.after) if lost and location is not None else ""

    def identity(self, event: AttributeWritten) -> tuple[object, ...]:
        return (event.name.rpartition(".")[2], event.kept, event.same_each_time, event.in_place)
