"""TD103 host-read."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import HostRead
from torchdraft.rules.rule import Rule

from .constants import REFUSED


class HostReadRule(Rule[HostRead]):
    """
    ## What it does

    Reports that Python read a tensor's data as a whole: `numpy()`, `tolist()`, `torch.equal`, formatting, pickling,
    `deepcopy`, iteration over values.

    ## Why it matters

    What Python computed from the data is not in the graph; the graph holds the outcome for the example. The data read
    is asserted (`guarded`), so other data raises. Data too large to store can't be asserted (`baked`): the program then
    gives the example's outcome for other data too. Data that was only printed or logged changes nothing (`note`), and a
    tensor of constants that the code itself makes has the same data in every call (`note`).

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

    The tensor operation of the same meaning keeps the computation in the graph.

    ```python
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            return x - torch.median(x)

    args = (torch.tensor([1.0, 2.0, 5.0]),)
    ```

    Code that has no tensor counterpart can become an operator with `torch.library.custom_op`.

    ## Fix safety

    Check conventions: `torch.median` returns the lower of two middle values where NumPy averages them; NumPy computes
    in float64 unless told otherwise.
    """

    code = "TD103"
    name = "host-read"
    severity = Severity.GUARDED
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
    "same": (Severity.NOTE, f"It is made of constants, the same in every call of the program. {REFUSED}"),
    "unused": (Severity.NOTE, "The text was only printed or logged; the program prints nothing."),
    "address": (Severity.BAKED, "Nothing can be asserted of an address: the program keeps what Python made of it."),
    "no": (Severity.BAKED, "It is too large to store and assert: the program is frozen to the example's data."),
}
