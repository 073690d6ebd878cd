"""TD302 mismatched-fake-kernel."""

from __future__ import annotations

from torchdraft.model import Issue, Severity
from torchdraft.model.events import KernelMismatched
from torchdraft.rules.rule import Rule


class MismatchedFakeKernel(Rule[KernelMismatched]):
    """
    ## What it does

    Reports a custom operator whose fake kernel describes outputs that differ from those of its real kernel on the
    example: in rank, size, dtype, device, stride or number. Also one that raises, and one that turns a symbolic size
    of its inputs into a number, as `int(x.shape[0])` does. Also reports a real kernel that does what the operator's
    schema does not declare: it writes to an argument, or returns a tuple for a list.

    ## Why it matters

    `torch.export.export` uses the fake kernel and returns a program whose results differ from the model's, or one that
    is fixed to the example's sizes. A draft uses the outputs of the real kernel, and later uses of its program
    (decomposition, another export) do not ask the fake kernel. An undeclared write is lost where a program is
    decomposed; that of a draft keeps it.

    The issue shows a kernel to paste, with the observed ranks and dtypes and with open sizes. `torchdraft kernels`
    shows the smallest call on which the fake kernel is wrong; with `--fix` it writes one that knows the sizes
    ([guide](../guide/custom-operators.md)).

    ## Example

    ```python
    import torch

    @torch.library.custom_op("torchdraft_docs::widen", mutates_args=())
    def widen(x: torch.Tensor) -> torch.Tensor:
        return x.double()

    @widen.register_fake
    def _(x):
        return torch.empty_like(x)

    class Model(torch.nn.Module):
        def forward(self, x):
            return widen(x) + 1  # TD302

    args = (torch.ones(3),)
    ```

    ## Use instead

    Correct the fake kernel.

    ```python
    import torch

    @torch.library.custom_op("torchdraft_docs::widen_with_fake", mutates_args=())
    def widen(x: torch.Tensor) -> torch.Tensor:
        return x.double()

    @widen.register_fake
    def _(x):
        return torch.empty_like(x, dtype=torch.float64)

    class Model(torch.nn.Module):
        def forward(self, x):
            return widen(x) + 1

    args = (torch.ones(3),)
    ```

    ## Fix safety

    Programs made with the wrong fake kernel must be exported again. `torch.library.opcheck` compares the two kernels.
    """

    code = "TD302"
    name = "mismatched-fake-kernel"
    severity = Severity.GUARDED
    mend = "Correct the fake kernel so that it describes what the kernel returns."
    takes = (KernelMismatched,)

    def issue(self, event: KernelMismatched) -> Issue:
        message = (
            f"The {event.what} of `{event.op}` disagrees with its real kernel: {event.reason}. The program follows the "
            "real one."
        )
        if event.fixes:
            instead = f"`{event.instead}` keeps the size symbolic. " if event.instead else ""
            message = (
                f"The fake kernel of `{event.op}` serves no other size: {event.reason}. {instead}The program has the "
                "outputs of the real kernel, with free sizes."
            )
        message += f" {event.learned}" if event.learned else ""
        return self.found(event, message, expr=event.op, data={"op": event.op, "reason": event.reason})

    def identity(self, event: KernelMismatched) -> tuple[object, ...]:
        return (event.op, event.reason)
