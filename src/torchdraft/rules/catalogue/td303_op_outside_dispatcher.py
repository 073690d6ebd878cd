"""TD303 op-outside-dispatcher."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ComputedOutside
from torchdraft.rules.rule import Rule


class OpOutsideDispatcher(Rule[ComputedOutside]):
    """
    ## What it does

    Reports tensor data that was processed by code which bypasses PyTorch's dispatcher: a pybind function, a C library
    called with `data_ptr()`, a buffer shared with another package.

    ## Why it matters

    The graph cannot contain this computation. It contains the result on the example as a constant, which it returns for
    every input. If the graph asserts all data passed to the code (a NumPy array that was written to), other inputs
    raise (`guarded`).

    ## Example

    ```python
    import ctypes
    import torch

    class Model(torch.nn.Module):
        def forward(self, x):
            y = torch.empty_like(x)
            ctypes.memmove(y.data_ptr(), x.data_ptr(), x.nbytes)  # TD303
            return y + 1

    args = (torch.ones(3),)
    ```

    ## Use instead

    Register the code as an operator: the dispatcher then calls it, and so does the graph.

    ```python
    import ctypes
    import torch

    @torch.library.custom_op("torchdraft_docs::copy", mutates_args=())
    def copy(x: torch.Tensor) -> torch.Tensor:
        y = torch.empty_like(x)
        ctypes.memmove(y.data_ptr(), x.data_ptr(), x.nbytes)
        return y

    @copy.register_fake
    def _(x):
        return torch.empty_like(x)

    class Model(torch.nn.Module):
        def forward(self, x):
            return copy(x) + 1

    args = (torch.ones(3),)
    ```

    ## Fix safety

    The process that runs the program must register the operator.
    """

    code = "TD303"
    name = "op-outside-dispatcher"
    severity = Severity.BAKED
    mend = "Make the code an operator with `torch.library.custom_op`."
    takes = (ComputedOutside,)

    def issue(self, event: ComputedOutside) -> Issue:
        return self.found(
            event,
            f"Tensor data was processed by {event.what}, which bypasses PyTorch's dispatcher. The program contains its "
            "result on the example as a constant"
            + (", and raises where the data passed to it differs." if event.asserted else "."),
            severity=Severity.GUARDED if event.asserted else self.severity,
            expr=event.what,
            data={"what": event.what},
        )

    def place(self, event: ComputedOutside) -> tuple[object, ...]:
        """The lines of the stack: a call that takes several addresses is one place."""
        return tuple((frame[0], frame[1]) for frame in event.stack)

    def identity(self, event: ComputedOutside) -> tuple[object, ...]:
        return (event.what,)
