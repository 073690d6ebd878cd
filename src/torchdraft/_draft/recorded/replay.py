"""The replay of a recorded run on fake tensors, op by op.

On the last rung an op that fake tensors cannot follow is described from its real run instead (sparse CSR and nested
tensors, kernels that look at memory): it stays in the graph, with what was seen of its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.custom_ops.infer import Inference
from torchdraft._tape.errors import NoRealValue
from torchdraft._torch.dispatch import erase_failed_nodes, outside_tracing
from torchdraft._torch.fake import OpOverload
from torchdraft._torch.graph_nodes import ASSERTED, NUMBER_READS, has_plain_memory, set_stack_of_last_node, write_node
from torchdraft._torch.shapes import as_plain, free_unbacked_symbols
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

ISLAND_READ = "torchdraft: the data differs from what the model read when it was traced"


class Replay(torch.fx.Interpreter):
    """Interprets a recorded run; recorded reads become assertions of the program. `last`: no rung is below this one."""

    def __init__(self, graph: torch.fx.GraphModule, context: TraceContext, *, last: bool) -> None:
        super().__init__(graph)
        self.extra_traceback = False
        self.context = context
        self.last = last
        self.surrogates: set[int] = set()
        self._keep: list[Any] = []

    def run_node(self, n: torch.fx.Node) -> Any:
        """Fixes sizes that depend on data to those of the recorded run, under an assertion: the ops that follow were
        recorded for them, and Python may have read them.
        """
        out = super().run_node(n)
        if n.target is torch.ops.aten._assert_async.msg:
            set_stack_of_last_node(n)
        if n.target in NUMBER_READS and not n.meta.get(ASSERTED):
            as_plain(out)
        recorded = n.meta.get("val")
        for have, want in zip(flat_outputs(out), flat_outputs(recorded), strict=False):
            if isinstance(have, torch.Tensor) and isinstance(want, torch.Tensor) and have.dim() == want.dim():
                for size, number in zip(have.shape, want.shape, strict=True):
                    if isinstance(size, torch.SymInt) and free_unbacked_symbols(size) and isinstance(number, int):
                        torch._check(size == number, lambda s=size, r=number: f"{n.target} gave {s}, recorded {r}")
        return out

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        if target is torch.ops.aten._assert_async.msg and args[1] == ISLAND_READ and args[0].device.type != "cpu":
            torch._check(args[0].item())  # the operator would end the context of the device
            return None
        if target is torch.ops.aten._assert_tensor_metadata.default and len(args) == 2:
            for have, want in zip(args[0].shape, args[1], strict=True):
                torch._check(have == want)
            return None
        if not self.last or not isinstance(target, OpOverload):
            return super().call_function(target, args, kwargs)
        if any(id(t) in self.surrogates for t in tensors_in((args, kwargs))):
            return self._described(target, args, kwargs)
        before = self.context.log.checkpoint()
        try:
            return super().call_function(target, args, kwargs)
        except Exception as error:
            erase_failed_nodes()
            self.context.log.forget_caught_since(before)  # no model caught this one
            try:
                return self._described(target, args, kwargs)
            except NoRealValue:
                raise error from None

    def _described(self, target: OpOverload, args: Any, kwargs: Any) -> Any:
        """The op as a node of the program, with results described from its real run on the example."""
        context = self.context
        mode = context.fake_mode
        with outside_tracing():
            born = len(context.shape_env.unbacked_created)
            record = context.tape.open(target, args, kwargs)
            ran = context.reals.run_now(record)
            out = Inference(mode, record, args, kwargs, plain=True).outputs(ran.out)
            context.tape.close(record, args, kwargs, out)
            context.reals.symbols.born(set(context.shape_env.unbacked_created[born:]), record, out)
            context.origins.note(context.shape_env.unbacked_created[born:], record, out)
            context.reals.deposit(record)
        for fake, real in zip(flat_outputs(out), flat_outputs(ran.out), strict=True):
            if isinstance(real, torch.Tensor) and real.layout is not torch.sparse_coo and not has_plain_memory(real):
                self.surrogates.add(id(fake))
                self._keep.append(fake)
        write_node(target, args, kwargs, out)
        return out
