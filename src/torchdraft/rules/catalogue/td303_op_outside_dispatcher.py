"""TD303 op-outside-dispatcher."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import ComputedOutside
from torchdraft.rules.rule import Rule


class OpOutsideDispatcher(Rule[ComputedOutside]):
    """
    ## What it does

    Reports tensor data that went through code which PyTorch's dispatcher does not see: a pybind function, a C library
    given `data_ptr()`, a buffer shared with another package.

    ## Why it matters

    The graph can't hold that computation. It holds its outcome on the example as a constant, and gives that for every
    input. Where all that the code was given is asserted (a NumPy array that was written to), other inputs raise
    (`guarded`).

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

    Make the foreign code an operator; the dispatcher then sees it, and the graph calls it.

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

    The process that runs the program needs the operator registered.
    """

    code = "TD303"
    name = "op-outside-dispatcher"
    severity = Severity.BAKED
    takes = (ComputedOutside,)

    def issue(self, event: ComputedOutside) -> Issue:
        return self.found(
            event,
            f"Tensor data went through {event.what}, which PyTorch's dispatcher does not see. The program holds its "
            "outcome on the example as a constant"
            + (", and raises where the data it was given differs." if event.asserted else "."),
            severity=Severity.GUARDED if event.asserted else self.severity,
            expr=event.what,
            data={"what": event.what},
        )

    def place(self, event: ComputedOutside) -> tuple[object, ...]:
        """A call that is given several addresses is one."""
        return tuple((frame[0], frame[1]) for frame in event.stack)

    def identity(self, event: ComputedOutside) -> tuple[object, ...]:
        return (event.what,)
