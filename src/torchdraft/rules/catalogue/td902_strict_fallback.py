"""TD902 strict-fallback."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import StrictFellBack
from torchdraft.rules.rule import Rule


class StrictFallback(Rule[StrictFellBack]):
    """
    ## What it does

    Reports that Dynamo failed on the model with `strict=True`, and that the model was traced without Dynamo.

    ## Why it matters

    The program is right. The additional check of strict mode (that Python code has no side effects) was not made.

    ## Example

    ```python
    import zlib
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x * (zlib.crc32(b"scale") % 7 + 1)  # TD902

    args = (torch.ones(3),)
    strict = True
    ```

    ## Use instead

    Move code that Dynamo does not support out of `forward`, or use `strict=False`.

    ```python
    import zlib
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = zlib.crc32(b"scale") % 7 + 1

        def forward(self, x):
            return x * self.scale

    args = (torch.ones(3),)
    strict = True
    ```

    ## Fix safety

    `strict=False` changes how the model is traced and not what it computes.
    """

    code = "TD902"
    name = "strict-fallback"
    severity = Severity.NOTE
    mend = "Move the code out of `forward`, or draft with `strict=False`."
    takes = (StrictFellBack,)

    def issue(self, event: StrictFellBack) -> Issue:
        return self.found(
            event,
            f"Dynamo failed on the model, so it was traced without Dynamo: {event.exception}",
            data={"exception": event.exception},
        )

    def identity(self, event: StrictFellBack) -> tuple[object, ...]:
        return (event.exception,)
