"""TD102 data-dependent-size."""

from __future__ import annotations

from dataclasses import replace

from torchdraft._source.symbolic.captured import shown
from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import GuardResolved
from torchdraft.rules.rewrites.conversions import int_as_item
from torchdraft.rules.rule import Rule

from .constants import REFUSED
from .resolved_guards import expression_of, guard_identity, guard_issue


class DataDependentSize(Rule[GuardResolved]):
    """
    ## What it does

    Reports a number from a tensor whose value Python needed (a size, an index, the count of a loop), and a fact about
    such a size that an operation needed (`x[mask].chunk(2)`: the sizes of the parts).

    ## Why it matters

    The graph is built for this number: a loop is unrolled that many times, a list has that many entries. The graph
    asserts the number, or the fact that the operation needed, so an input for which it differs raises.

    A number from a tensor that the code creates from constants (`int(torch.arange(4).max())`) is the same in every
    call. The issue is then a note: nothing is assumed, but `torch.export.export` cannot evaluate the number.

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

    Use tensor operations, which take the number as data.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x, steps):
            return x * torch.pow(2.0, steps)

    args = (torch.ones(3), torch.tensor(4))
    ```

    Other loops can run to a fixed bound with a mask (`torch.where(torch.arange(bound) < steps, …)`), or become a
    `torch.ops.higher_order.while_loop`. A number that is only a size (`x[:n]`) stays symbolic if
    `torch._check(n <= x.shape[0])` states what the slice requires.

    ## Fix safety

    A loop with a fixed bound and a mask always runs to the bound, and is wrong if the number exceeds it.
    """

    code = "TD102"
    name = "data-dependent-size"
    severity = Severity.GUARDED
    mend = "Compute with the number as a tensor, or bound the loop or size by a constant."
    takes = (GuardResolved,)

    def accepts(self, event: GuardResolved) -> bool:
        return event.kind == "size" or event.by == "operation"

    def issue(self, event: GuardResolved) -> Issue:
        return guard_issue(self, event, _message)

    def replacement(self, event: GuardResolved, location: Location | None) -> str:
        symbols = tuple(getattr(event.expr, "free_symbols", ()))
        if event.kind != "size" or event.inside is not None or len(symbols) != 1:
            return ""
        return int_as_item(location, whole=bool(symbols[0].is_integer))

    def identity(self, event: GuardResolved) -> tuple[object, ...]:
        return guard_identity(event)

    def place(self, event: GuardResolved) -> tuple[object, ...]:
        """What an operation asks is the same, whichever line of torch's own code calls it."""
        return super().place(replace(event, inside=None) if event.by == "operation" else event)

    def instance(self, event: GuardResolved) -> tuple[str, str]:
        return expression_of(event), shown(event.value)


def _message(event: GuardResolved, expr: str, value: str) -> str:
    needs = _needs(event)
    if event.constant:
        return f"{needs} from a tensor of constants: {expr} is {value} in every call of the program. {REFUSED}"
    if event.kind == "size":
        built = "The program is built for that number and raises where it differs."
        return f"{needs} that is a tensor's data: {expr} was {value}. {built}"
    return f"{needs} that depends on a tensor's data: {expr} was {value}. The program raises where it differs."


def _needs(event: GuardResolved) -> str:
    """Who needed what: a scale factor or a probability is no size."""
    symbols = getattr(event.expr, "free_symbols", ())
    integers = all(symbol.is_integer for symbol in symbols)
    if event.kind == "size":
        return "Python needed a number" if integers else "Python needed a floating-point number"
    return "An operation needed a size" if integers else "An operation needed to compare a floating-point number"
