"""The replay of a recorded run on fake tensors, operation by operation.

If the whole model is recorded, an operation that has no fake result (sparse CSR and nested tensors, kernels that read
memory) is written into the graph with a fake result inferred from its real run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.custom_ops.infer import Inference
from torchdraft._draft.custom_ops.op_call import OpCall
from torchdraft._tape.errors import NoRealValue
from torchdraft._torch.dispatch import erase_failed_nodes, outside_tracing
from torchdraft._torch.graph.nodes import (
    ASSERTED,
    NUMBER_READS,
    describe_nodes_since,
    has_plain_memory,
    last_node,
    write_node,
)
from torchdraft._torch.symbolic.fake import OpOverload
from torchdraft._torch.symbolic.shapes import as_plain, free_unbacked_symbols
from torchdraft._torch.tensors.nested import flat_outputs, tensors_in

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext

_QUANTIZERS = ("aten::quantize_per_tensor", "aten::quantize_per_tensor_dynamic", "aten::quantize_per_channel")
"""Operators whose fake kernels return another dtype than the real ones."""

ISLAND_READ = "torchdraft: the data differs from what the model read when it was traced"


class Replay(torch.fx.Interpreter):
    """Interprets a recorded run under the fake mode; recorded assertions become assertions of the program.

    With `last`, results are inferred from real runs where fake tensors fail: no other module could become an island.
    """

    def __init__(self, graph: torch.fx.GraphModule, context: TraceContext, *, last: bool) -> None:
        super().__init__(graph)
        self.extra_traceback = False
        self.context = context
        self.last = last
        self.surrogates: set[int] = set()
        """Identities of inferred results whose metadata is not that of the real ones."""
        self._alive: list[Any] = []  # the tensors that the identities in `surrogates` belong to

    def run_node(self, n: torch.fx.Node) -> Any:
        """Runs the operation, and asserts that sizes which depend on data are those of the recorded run: the operations
        that follow were recorded for these sizes, and Python may have read them.
        """
        last = last_node()
        out = super().run_node(n)
        describe_nodes_since(last, n)
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
            torch._check(args[0].item())  # the operator leaves a CUDA context unusable
            return None
        if target is torch.ops.aten._assert_tensor_metadata.default and len(args) == 2:
            for have, want in zip(args[0].shape, args[1], strict=True):
                torch._check(have == want)
            return None
        if not self.last or not isinstance(target, OpOverload):
            return super().call_function(target, args, kwargs)
        quantizes = target._schema.name in _QUANTIZERS
        if quantizes or any(id(t) in self.surrogates for t in tensors_in((args, kwargs))):
            return self._inferred(target, args, kwargs)
        before = self.context.log.checkpoint()
        try:
            return super().call_function(target, args, kwargs)
        except Exception as error:
            erase_failed_nodes()
            self.context.log.forget_caught_since(before)  # this exception is not one that the model caught
            try:
                return self._inferred(target, args, kwargs)
            except NoRealValue:
                raise error from None

    def _inferred(self, target: OpOverload, args: Any, kwargs: Any) -> Any:
        """Writes the operation into the graph, with fake results inferred from its real run on the example."""
        context = self.context
        mode = context.fake_mode
        with outside_tracing():
            before = len(context.shape_env.unbacked_created)
            record = context.tape.open(target, args, kwargs)
            ran = context.reals.run_now(record)
            out = Inference(OpCall(mode, record, args, kwargs), plain=True).outputs(ran.out)
            context.tape.close(record, args, kwargs, out)
            context.reals.symbols.note_origin(set(context.shape_env.unbacked_created[before:]), record, out)
            context.origins.note(context.shape_env.unbacked_created[before:], record, out)
            context.reals.deposit(record)
        for fake, real in zip(flat_outputs(out), flat_outputs(ran.out), strict=True):
            if isinstance(real, torch.Tensor) and real.layout is not torch.sparse_coo and not has_plain_memory(real):
                self.surrogates.add(id(fake))
                self._alive.append(fake)
        write_node(target, args, kwargs, out)
        return out
