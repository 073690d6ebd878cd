"""TD905 frozen-result."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ResultFrozen
from torchdraft.rules.rule import Rule


class FrozenResult(Rule[ResultFrozen]):
    """
    ## What it does

    Reports that neither tracing nor recording made a program of this model. The program checks that its inputs are
    those of the example and returns what the model returned on it.

    ## Why it matters

    The program can be run, saved and loaded, and computes nothing. Other inputs raise. The weights are not asserted:
    after a change to them the result is out of date. Where the result also depends on something that can't be asserted
    (random numbers, an input too large to store), the severity is `baked` and the issue names it.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            rows = torch.nested.as_nested_tensor([x[:1], x], layout=torch.jagged)  # TD905
            return torch.nested.to_padded_tensor(rows, 0.0)

    args = (torch.ones(2, 3),)
    ```

    ## Use instead

    The issue has the exception that ended the recording and the line it came from. What the tracer cannot describe has
    a plain counterpart, or becomes an operator with `torch.library.custom_op`.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return torch.nn.utils.rnn.pad_sequence([x[:1], x], batch_first=True)

    args = (torch.ones(2, 3),)
    ```

    ## Fix safety

    Depends on the code that stood in the way.
    """

    code = "TD905"
    name = "frozen-result"
    severity = Severity.GUARDED
    takes = (ResultFrozen,)

    def issue(self, event: ResultFrozen) -> Issue:
        rest = f" It also depends on {' and '.join(event.unasserted)}." if event.unasserted else ""
        return self.found(
            event,
            "No program could be made of this model. This one returns its result on the example and raises on other "
            f"inputs.{rest} Recording broke here: {event.exception}",
            severity=Severity.BAKED if event.unasserted else None,
            data={"exception": event.exception, "unasserted": list(event.unasserted)},
        )

    def identity(self, event: ResultFrozen) -> tuple[object, ...]:
        return (event.exception,)
