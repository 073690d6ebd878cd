"""TD502 unregistered-output-type."""

from __future__ import annotations

from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import TypeRegistered
from torchdraft.rules.rewrites.registration import with_imports
from torchdraft.rules.rule import Rule


class UnregisteredOutputType(Rule[TypeRegistered]):
    """
    ## What it does

    Reports an output of a class that pytree does not know. The class was registered so that the program can return it.

    ## Why it matters

    The program is right in this process. Another process that loads it needs the same registration first; the issue
    contains the line to paste.

    ## Example

    ```python
    import torch

    class Result:
        def __init__(self, scores):
            self.scores = scores

    class Model(torch.nn.Module):
        def forward(self, x):
            return Result(x * 2)  # TD502

    args = (torch.ones(3),)
    ```

    ## Use instead

    Use a dataclass, registered where it is defined, or a plain tuple or dict.

    ```python
    from dataclasses import dataclass
    import torch

    @dataclass
    class Result:
        scores: torch.Tensor

    torch.export.register_dataclass(Result, serialized_type_name="torchdraft_docs.Result")

    class Model(torch.nn.Module):
        def forward(self, x):
            return Result(x * 2)

    args = (torch.ones(3),)
    ```

    ## Fix safety

    Registration is global to the process and affects all code that uses pytree in it.
    """

    code = "TD502"
    name = "unregistered-output-type"
    severity = Severity.NOTE
    mend = "Register the class where it is defined, or run the lines in each process that loads the program."
    takes = (TypeRegistered,)

    def accepts(self, event: TypeRegistered) -> bool:
        return event.where == "output"

    def issue(self, event: TypeRegistered) -> Issue:
        return self.found(
            event,
            f"An output is a `{event.cls}`, which pytree does not know. It was registered here; another process needs "
            f"this line before it loads the program: `{event.paste}`",
            expr=event.cls,
            data={"class": event.cls},
        )

    def code_to_write(self, event: TypeRegistered, location: Location | None) -> str:  # noqa: ARG002
        return with_imports(event.cls, event.paste)

    def identity(self, event: TypeRegistered) -> tuple[object, ...]:
        return (event.cls,)
