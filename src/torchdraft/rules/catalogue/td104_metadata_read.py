"""TD104 metadata-read."""

from __future__ import annotations

from dataclasses import replace

from torchdraft._source.locations import user_frames_of_text
from torchdraft.model import Issue, Severity
from torchdraft.model.events import LayoutFixed, MetadataRead
from torchdraft.rules.rule import Rule


class MetadataReadRule(Rule[MetadataRead | LayoutFixed]):
    """
    ## What it does

    Reports that the model read something about an input that is neither its data nor its size: `stride`,
    `is_contiguous`, `storage_offset`, `sparse_dim`, `requires_grad`, `is_coalesced`. A dtype or layout that was read is
    asserted without an issue. It also reports that the result on the example depends on the order of the keys in
    `**kwargs` or in a dict, and, with `pre_dispatch=False`, that a write shows through the result of an operator that
    returns a view or a copy by the strides of its argument (`contiguous`, `reshape`).

    ## Why it matters

    The program is built for the answer on the example. It asserts the strides or the offset (`guarded`) of its input,
    and raises for another, decomposed as well. No operation can assert `requires_grad`, `is_coalesced` and the like, or
    the strides of a computed tensor (`baked`): the program computes what the example asked for. It takes keyword
    arguments and dicts by key, and treats them in the order of the example (`baked`).

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
    mend = "Call the operation in any case: `contiguous()` or `to()` does nothing where nothing is to do."
    takes = (MetadataRead, LayoutFixed)

    def issue(self, event: MetadataRead | LayoutFixed) -> Issue:
        if isinstance(event, LayoutFixed):
            return self._layout_fixed(event)
        severity, outcome = _OUTCOMES[event.asserted]
        return self.found(
            event,
            f"The model read `{event.read}` of an input, which was {event.value}. {outcome}",
            severity=severity,
            expr=event.read,
            value=event.value,
            data={"read": event.read, "asserted": event.asserted},
        )

    def _layout_fixed(self, event: LayoutFixed) -> Issue:
        severity, outcome = _OUTCOMES[event.asserted]
        found = self.found(
            event,
            f"`{event.op}` returns a view or a copy by the strides of its argument. A later operation depends on it, "
            f"and lowering keeps what the example got. {outcome}",
            severity=severity,
            expr=event.op,
            data={"read": event.op, "asserted": event.asserted},
        )
        frames = user_frames_of_text(event.trace)
        return replace(found, user_stack=frames, location=frames[-1]) if frames else found

    def place(self, event: MetadataRead | LayoutFixed) -> tuple[object, ...]:
        if isinstance(event, LayoutFixed):
            return tuple((frame.file, frame.line) for frame in user_frames_of_text(event.trace)[-1:])
        return super().place(event)

    def identity(self, event: MetadataRead | LayoutFixed) -> tuple[object, ...]:
        if isinstance(event, LayoutFixed):
            return (event.op, event.asserted)
        return (event.read, event.value, event.asserted)


_OUTCOMES = {
    "memory": (Severity.GUARDED, "The program asserts it and raises for an input that is laid out otherwise."),
    "no": (Severity.BAKED, "Nothing asserts it: the program is the one for this answer."),
}
