"""TD301 missing-fake-kernel."""

from __future__ import annotations

from torchdraft.model import Issue, Location, Severity
from torchdraft.model.events import KernelMissing
from torchdraft.rules.rewrites.operators import fake_kernel
from torchdraft.rules.rule import Rule


class MissingFakeKernel(Rule[KernelMissing]):
    """
    ## What it does

    Reports a custom operator without a fake kernel, which describes the outputs for given inputs without data. Also one
    that is composed of other operators (`CompositeImplicitAutograd`) and reads data or sizes where these run on fake
    tensors.

    ## Why it matters

    The operator's real kernel was run on the example. The program asserts rank, dtype and device of the observed
    outputs and leaves their sizes symbolic. Tracing the program again (`run_decompositions`, `torch.compile`,
    re-export) fails without a fake kernel. The issue shows one to paste, with the observed ranks and dtypes and with
    open sizes; `unsafe_generate_fake_kernels(ep._report.op_profiles)` registers it for a while
    ([guide](../guide/operator-profiles.md)). `torchdraft kernels` runs the operator on other inputs and writes a kernel
    that knows the sizes ([guide](../guide/custom-operators.md)).

    ## Example

    ```python
    import torch

    @torch.library.custom_op("torchdraft_docs::double", mutates_args=())
    def double(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    class Model(torch.nn.Module):
        def forward(self, x):
            return double(x)  # TD301

    args = (torch.ones(3),)
    ```

    ## Use instead

    ```python
    import torch

    @torch.library.custom_op("torchdraft_docs::double_with_fake", mutates_args=())
    def double(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    @double.register_fake
    def _(x):
        return torch.empty_like(x)

    class Model(torch.nn.Module):
        def forward(self, x):
            return double(x)

    args = (torch.ones(3),)
    ```

    ## Fix safety

    A fake kernel does not change results. A wrong one makes wrong programs (see TD302); check it with
    `torch.library.opcheck`.
    """

    code = "TD301"
    name = "missing-fake-kernel"
    severity = Severity.GUARDED
    mend = "Register a fake kernel with `torch.library.register_fake`."
    takes = (KernelMissing,)

    def issue(self, event: KernelMissing) -> Issue:
        reason = f" ({event.reason})" if event.reason else ""
        return self.found(
            event,
            f"`{event.op}` has no fake kernel{reason}. Its real kernel was run on the example; the program asserts the "
            f"rank, dtype and device of its outputs.{event.learned and ' '}{event.learned}",
            expr=event.op,
            data={"op": event.op, "reason": event.reason},
        )

    def code_to_write(self, event: KernelMissing, location: Location | None) -> str:  # noqa: ARG002
        return fake_kernel(event.schema)

    def identity(self, event: KernelMissing) -> tuple[object, ...]:
        return (event.op, event.reason)
