"""TD104 metadata-read."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import MetadataRead
from torchdraft.rules.rule import Rule


class MetadataReadRule(Rule[MetadataRead]):
    """
    ## What it does

    Reports that the model read something about an input that is neither its data nor its size: `stride`,
    `is_contiguous`, `storage_offset`, `requires_grad`, `is_coalesced`. A dtype that was read is asserted without an
    issue. It also reports that the result on the example depends on the order of the keys in `**kwargs` or in a dict.

    ## Why it matters

    The program is built for the answer on the example. It asserts the strides or the offset (`guarded`) of its input,
    and raises for another; decompositions remove these assertions. No operation can assert `requires_grad`,
    `is_coalesced` and the like (`baked`): the program computes what the example asked for. It takes keyword arguments
    and dicts by key, and treats them in the order of the example (`baked`).

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            if x.is_contiguous():  # TD104
                return x * 2
            return x.contiguous() * 2

    args = (torch.ones(2, 3),)
    ```

    ## Use instead

    Call the operation in any case: it does nothing where nothing is to do.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x.contiguous() * 2

    args = (torch.ones(2, 3),)
    ```

    ## Fix safety

    The same values are computed. A copy may be made where the branch avoided one.
    """

    code = "TD104"
    name = "metadata-read"
    severity = Severity.GUARDED
    takes = (MetadataRead,)

    def issue(self, event: MetadataRead) -> Issue:
        severity, outcome = _OUTCOMES[event.asserted]
        return self.found(
            event,
            f"The model read `{event.read}` of an input, which was {event.value}. {outcome}",
            severity=severity,
            expr=event.read,
            value=event.value,
            data={"read": event.read, "asserted": event.asserted},
        )

    def identity(self, event: MetadataRead) -> tuple[object, ...]:
        return (event.read, event.value, event.asserted)


_OUTCOMES = {
    "memory": (Severity.GUARDED, "The program asserts it and raises for an input that is laid out otherwise."),
    "no": (Severity.BAKED, "Nothing asserts it: the program is the one for this answer."),
}
