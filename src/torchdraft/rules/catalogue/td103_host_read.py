"""TD103 host-read."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import HostRead
from torchdraft.rules.rule import Rule

from .constants import REFUSED


class HostReadRule(Rule[HostRead]):
    """
    ## What it does

    Reports that Python read all data of a tensor: `numpy()`, `tolist()`, `torch.equal`, formatting, pickling,
    `deepcopy`, iteration over values.

    ## Why it matters

    The graph does not contain what Python computed from the data; it contains the result for the example. The graph
    asserts the data read (`guarded`), so other data raises. Data that is too large to store is not asserted (`baked`):
    the program returns the example's result for other data too. An int, a float, a truth value or a text that an
    operator returns is a constant of the program as well, because the dispatcher hands it to Python as a plain value;
    the program calls the operator and raises where it returns another one (`guarded`). What a method of a TorchBind
    object returns is not asserted (`baked`). Data that was only printed or logged changes nothing (`note`), and a
    tensor that the code creates from constants has the same data in every call (`note`).

    ## Example

    ```python
    import numpy
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            middle = numpy.median(x.detach().numpy())  # TD103
            return x - float(middle)

    args = (torch.tensor([1.0, 2.0, 5.0]),)
    ```

    ## Use instead

    The equivalent tensor operation keeps the computation in the graph.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x - torch.median(x)

    args = (torch.tensor([1.0, 2.0, 5.0]),)
    ```

    Code without an equivalent tensor operation can become an operator with `torch.library.custom_op`.

    ## Fix safety

    Check the conventions: `torch.median` returns the lower of two middle values and NumPy their average; NumPy computes
    in float64 by default.
    """

    code = "TD103"
    name = "host-read"
    severity = Severity.GUARDED
    mend = "Compute with operations of torch in the place of the read."
    takes = (HostRead,)

    def issue(self, event: HostRead) -> Issue:
        severity, outcome = _OUTCOMES["address" if event.read == "data_ptr" else event.asserted]
        shape = ", ".join(event.shape)
        return self.found(
            event,
            f"Python read tensor data with `{event.read}` ({event.dtype}[{shape}]). {outcome}",
            severity=severity,
            expr=event.read,
            value=event.value,
            data={"read": event.read, "dtype": event.dtype, "shape": list(event.shape), "asserted": event.asserted},
        )

    def identity(self, event: HostRead) -> tuple[object, ...]:
        return (event.read, event.dtype, event.shape, event.asserted)


_OUTCOMES = {
    "value": (Severity.GUARDED, "The program asserts the values read and raises where they differ."),
    "constant": (Severity.GUARDED, "The program compares the data with a stored copy and raises where it differs."),
    "same": (Severity.NOTE, f"It is computed from constants and is the same in every call of the program. {REFUSED}"),
    "unused": (Severity.NOTE, "The text was only printed or logged; the program prints nothing."),
    "address": (Severity.BAKED, "An address cannot be asserted: the program contains what Python computed from it."),
    "plain": (
        Severity.BAKED,
        "An operator returned it as a plain Python value, which no symbol of the program represents: "
        "the program contains the example's value and asserts nothing about it.",
    ),
    "result": (
        Severity.GUARDED,
        "An operator returned it as a plain Python value. The program calls the operator, and raises where it returns "
        "another one.",
    ),
    "no": (Severity.BAKED, "It is too large to store and assert: the program is frozen to the example's data."),
}
