"""TD906 not-saveable."""

from __future__ import annotations

from dataclasses import replace

from torchdraft._source.locations import user_frames_of_text
from torchdraft.model import Issue, Severity
from torchdraft.model.events import NotSaveable
from torchdraft.rules.rule import Rule


class NotSaveableRule(Rule[NotSaveable]):
    """
    ## What it does

    Reports a part of the program that torch's file format cannot hold: an operator with arguments of a kind that it has
    no form for, a weight or constant of a kind that it cannot store.

    ## Why it matters

    The program is right in this process. `torch.export.save` and `torchdraft.save` raise, so it cannot be used in
    another process.

    ## Example

    The operator of `flex_attention` has numbers, tensors, functions and None in one list.

    ```python
    import torch
    from torch.nn.attention.flex_attention import flex_attention

    class Model(torch.nn.Module):
        def forward(self, x):
            return flex_attention(x, x, x)  # TD906

    args = (torch.ones(2, 2, 16, 8),)
    ```

    ## Use instead

    Use an equivalent operation that can be saved. For a custom operator, change the schema; for a TorchBind class,
    define `def_pickle`.

    ```python
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    class Model(torch.nn.Module):
        def forward(self, x):
            return scaled_dot_product_attention(x, x, x)

    args = (torch.ones(2, 2, 16, 8),)
    ```

    ## Fix safety

    Depends on the operation. Attention with a score function is equal to `scaled_dot_product_attention` only if the
    function adds a bias that `attn_mask` can hold.
    """

    code = "TD906"
    name = "not-saveable"
    severity = Severity.GUARDED
    mend = "Use an equivalent operation that can be saved."
    takes = (NotSaveable,)

    def issue(self, event: NotSaveable) -> Issue:
        found = self.found(
            event,
            f"The program cannot be saved, because torch's file format cannot hold `{event.what}`: {event.reason}",
            expr=event.what,
            data={"reason": event.reason},
        )
        frames = user_frames_of_text(event.trace)
        return replace(found, user_stack=frames, location=frames[-1]) if frames else found

    def place(self, event: NotSaveable) -> tuple[object, ...]:
        return tuple((frame.file, frame.line) for frame in user_frames_of_text(event.trace)[-1:])

    def identity(self, event: NotSaveable) -> tuple[object, ...]:
        return (event.what, event.reason)
