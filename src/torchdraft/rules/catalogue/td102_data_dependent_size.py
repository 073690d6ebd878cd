"""TD102 data-dependent-size."""

from __future__ import annotations

from torchdraft._source.call_sites import knows_instruction
from torchdraft._source.captured import shown
from torchdraft._source.expressions import in_user_terms, source_of
from torchdraft._source.symbols import canonical
from torchdraft.model import Issue, Severity
from torchdraft.model.events import GuardResolved
from torchdraft.rules.rule import Rule

from .constants import REFUSED


class DataDependentSize(Rule[GuardResolved]):
    """
    ## What it does

    Reports a number that came out of a tensor and that Python had to know: a size, an index, the count of a loop; and
    what an operation had to know of such a size (`x[mask].chunk(2)`: how large the parts are).

    ## Why it matters

    The graph was built for that number (a loop was unrolled that many times, a list has that many entries). It asserts
    the number, or what the operation was told of it, so an input where that differs raises.

    A number out of a tensor that the code itself makes (`int(torch.arange(4).max())`) is the same in every call. It is
    a note: nothing is assumed, but `torch.export.export` does not know the number.

    ## Example

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x, steps):
            for _ in range(int(steps)):  # TD102
                x = x * 2
            return x

    args = (torch.ones(3), torch.tensor(4))
    ```

    ## Use instead

    Say it with tensor operations, which take the number as data.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x, steps):
            return x * torch.pow(2.0, steps)

    args = (torch.ones(3), torch.tensor(4))
    ```

    A loop that can't be said so can run to a fixed bound with a mask (`torch.where(torch.arange(bound) < steps, …)`),
    or become `torch.ops.higher_order.while_loop`. A number that is only a size (`x[:n]`) stays symbolic when
    `torch._check(n <= x.shape[0])` states what the slice needs.

    ## Fix safety

    A bounded loop with a mask costs the bound every time and is wrong where the number exceeds it.
    """

    code = "TD102"
    name = "data-dependent-size"
    severity = Severity.GUARDED
    takes = (GuardResolved,)

    def accepts(self, event: GuardResolved) -> bool:
        return event.kind == "size" or event.by == "operation"

    def issue(self, event: GuardResolved) -> Issue:
        expr = in_user_terms(event.expr, event.symbols, event.locals) or source_of(event.stack[-1])
        value = shown(event.value)
        return self.found(
            event,
            _said(event, expr, value),
            severity=Severity.NOTE if event.constant else None,
            expr=expr,
            value=value,
            symbols=event.symbols,
            data={"symbolic": str(event.expr)},
        )

    def identity(self, event: GuardResolved) -> tuple[object, ...]:
        any_number = event.by == "code" and knows_instruction(event.stack)
        return (canonical(event.expr, event.symbols, any_number=any_number), event.constant)


def _said(event: GuardResolved, expr: str, value: str) -> str:
    needs = "Python needed a number" if event.kind == "size" else "An operation had to know a size"
    if event.constant:
        return f"{needs} out of a tensor of constants: `{expr}` is {value} in every call of the program. {REFUSED}"
    if event.kind == "size":
        built = "The program is built for that number and raises where it differs."
        return f"{needs} that is a tensor's data: `{expr}` was {value}. {built}"
    return f"{needs} that is data: `{expr}` was {value}. The program raises where it differs."
