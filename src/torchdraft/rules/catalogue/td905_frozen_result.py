"""TD905 frozen-result."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ResultFrozen
from torchdraft.rules.rule import Rule


class FrozenResult(Rule[ResultFrozen]):
    """
    ## What it does

    Reports that neither tracing nor recording produced a program of this model. The program checks that its inputs
    equal those of the example and returns the model's result on the example.

    ## Why it matters

    The program can be run, saved and loaded, but it computes nothing. Other inputs raise. The weights are not asserted:
    if they change, the result is outdated. If the result also depends on something that cannot be asserted (random
    numbers, an input that is too large to store), the severity is `baked` and the issue names it.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            rows = torch.nested.nested_tensor([x[:1], x])  # TD905
            return torch.nested.to_padded_tensor(rows, 0.0)

    args = (torch.ones(2, 3),)
    ```

    ## Use instead

    The issue contains the exception that ended the recording and its line. Use an equivalent plain operation, or make
    the code an operator with `torch.library.custom_op`.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.nn.utils.rnn.pad_sequence([x[:1], x], batch_first=True)

    args = (torch.ones(2, 3),)
    ```

    ## Fix safety

    Depends on the code at this line.
    """

    code = "TD905"
    name = "frozen-result"
    severity = Severity.GUARDED
    mend = "Use an equivalent plain operation, or make the code an operator with `torch.library.custom_op`."
    takes = (ResultFrozen,)

    def issue(self, event: ResultFrozen) -> Issue:
        rest = f" It also depends on {' and '.join(event.unasserted)}." if event.unasserted else ""
        return self.found(
            event,
            "Neither tracing nor recording produced a program of this model. This one returns the model's result on "
            f"the example and raises on other inputs.{rest} Recording failed here: {event.exception}",
            severity=Severity.BAKED if event.unasserted else None,
            data={"exception": event.exception, "unasserted": list(event.unasserted)},
        )

    def identity(self, event: ResultFrozen) -> tuple[object, ...]:
        return (event.exception,)
