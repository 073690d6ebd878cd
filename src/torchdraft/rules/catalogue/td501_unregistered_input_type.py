"""TD501 unregistered-input-type."""

from __future__ import annotations

from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import TypeRegistered
from torchdraft.rules.rewrites.registration import with_imports
from torchdraft.rules.rule import Rule


class UnregisteredInputType(Rule[TypeRegistered]):
    """
    ## What it does

    Reports an input of a class that pytree does not know. The class was registered so that the program can take it.

    ## Why it matters

    The program is right in this process. Another process that loads it needs the same registration first; the issue
    contains the line to paste.

    An input that a program cannot take (a dtype, a function, a NumPy array, a member of an enumeration) is **baked**:
    the program is made for the example's value. Make it an attribute of the model, or a tensor.

    ## Example

    ```python
    import torch

    class Batch:
        def __init__(self, left, right):
            self.left = left
            self.right = right

    class Model(torch.nn.Module):
        def forward(self, batch):  # TD501
            return batch.left + batch.right

    args = (Batch(torch.ones(3), torch.ones(3)),)
    ```

    ## Use instead

    Use a dataclass, and register it where it is defined.

    ```python
    from dataclasses import dataclass
    import torch

    @dataclass
    class Batch:
        left: torch.Tensor
        right: torch.Tensor

    torch.export.register_dataclass(Batch, serialized_type_name="torchdraft_docs.Batch")

    class Model(torch.nn.Module):
        def forward(self, batch):
            return batch.left + batch.right

    args = (Batch(torch.ones(3), torch.ones(3)),)
    ```

    ## Fix safety

    Registration is global to the process and affects all code that uses pytree in it.
    """

    code = "TD501"
    name = "unregistered-input-type"
    severity = Severity.NOTE
    mend = "Register the class where it is defined, or run the lines in each process that loads the program."
    takes = (TypeRegistered,)

    def accepts(self, event: TypeRegistered) -> bool:
        return event.where in ("input", "kept")

    def issue(self, event: TypeRegistered) -> Issue:
        if event.where == "kept":
            return self.found(
                event,
                f"An input is a `{event.cls}`, which a program cannot take. The program is made for the value in the "
                "example and ignores the value that is passed instead.",
                severity=Severity.BAKED,
                expr=event.cls,
                data={"class": event.cls},
            )
        return self.found(
            event,
            f"An input is a `{event.cls}`, which pytree does not know. It was registered here; another process needs "
            f"this line before it loads the program: `{event.paste}`",
            expr=event.cls,
            data={"class": event.cls},
        )

    def code_to_write(self, event: TypeRegistered, location: Location | None) -> str:  # noqa: ARG002
        return with_imports(event.cls, event.paste)

    def identity(self, event: TypeRegistered) -> tuple[object, ...]:
        return (event.cls, event.where)
