"""The fake tensor mode: records each operation on the tape, and lets the kernel hook compute its fake outputs."""

from __future__ import annotations

from typing import Any

import torch

from torchdraft._tape.tape import Tape
from torchdraft._torch.dispatch import without_function_modes
from torchdraft._torch.graph.control_flow import COND
from torchdraft._torch.symbolic.fake import FakeTensor, FakeTensorMode, fake_without_base
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft._torch.tensors.subclasses import inner_tensors, is_wrapper

from .context import TraceContext


class DraftMode(FakeTensorMode):
    """A `FakeTensorMode` with a tape. `depth` is 0 for an operation that the program calls, else in a decomposition."""

    def __init__(self, context: TraceContext, shape_env: Any, **options: Any) -> None:
        super().__init__(**{"shape_env": shape_env, "allow_non_fake_inputs": True, "export": True} | options)
        self.context: TraceContext | None = context
        self.depth = 0

    def from_tensor(self, tensor: torch.Tensor, **options: Any) -> Any:
        with without_function_modes():
            fake = fake_without_base(self, tensor, lambda given: super(DraftMode, self).from_tensor(given, **options))
            if self.context is not None and fake is not tensor:
                bind_with_inner(self.context.tape, fake, tensor)
                self.context.user.note_subclass(fake, tensor)
        return fake

    def dispatch(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is _DEVICE and type(args[0]) is FakeTensor and not args[0].fake_mode.in_kernel_invocation:
            return args[0].fake_device  # asked three times per operator, by C++
        context = self.context
        if context is None or func in _QUERIES:
            return super().dispatch(func, types, args, kwargs or {})
        return self.recorded(
            func, args, kwargs or {}, lambda: super(DraftMode, self).dispatch(func, types, args, kwargs or {})
        )

    def recorded(self, func: Any, args: Any, kwargs: Any, fake: Any) -> Any:
        """Records the operation on the tape and returns its fake outputs. `fake()` runs the fake kernel."""
        context = self.context
        assert context is not None
        context.scopes.visit()
        created = self.shape_env.unbacked_created
        before = len(created)
        if self.depth == 0:
            context.hooks.draws.note_operation(func, args, kwargs)
        record = context.tape.open(func, args, kwargs)
        if record.objects and self.depth == 0:
            context.tape.follow_objects(record)
        if record.writes:
            context.user.note_writes(record)
        self.depth += 1
        outer, context.running_op = context.running_op, func
        try:
            out = context.hooks.kernels.run(self, record, args, kwargs, fake)
        finally:
            self.depth -= 1
            context.running_op = outer
        if out is NotImplemented:
            return out
        if context.saved_tensors is not None and self.depth == 0:
            context.saved_tensors.note(func, args, kwargs, out)
        context.tape.close(record, args, kwargs, out, self.depth)
        if len(created) > before:
            context.scopes.read(tensors_in((args, kwargs)))
            context.reals.symbols.note_origin(set(created[before:]), record, out)
            if self.depth == 0:
                context.origins.note(created[before:], record, out)
        context.reals.deposit(record)
        return out

    @classmethod
    def higher_order(cls, op: Any, rule: Any) -> Any:
        """`FakeTensorMode`'s rule for a higher-order operator, which also records the operator on the tape."""

        def recorded(mode: DraftMode, *args: Any, **kwargs: Any) -> Any:
            if mode.context is None:
                return rule(mode, *args, **kwargs)
            mode.context.scopes.leave()
            given = mode.context.shape_env.sides.both(args) if op is COND else args
            out = mode.recorded(op, args, kwargs, lambda: rule(mode, *given, **kwargs))
            mode.context.scopes.leave()
            return out

        return recorded


def bind_with_inner(tape: Tape, fake: torch.Tensor, real: torch.Tensor) -> None:
    """Makes `fake` represent `real`. Operations on a wrapper reach the mode as operations on its inner tensors."""
    tape.bind(fake, real)
    if is_wrapper(real) and type(fake) is type(real):
        theirs = inner_tensors(real)
        for name, inner in inner_tensors(fake).items():
            bind_with_inner(tape, inner, theirs[name])


_DEVICE = torch.ops.prim.device.default
_QUERIES = {
    torch.ops.aten.size.default,
    torch.ops.aten.stride.default,
    torch.ops.aten.storage_offset.default,
    torch.ops.aten.sym_size.int,
    torch.ops.aten.sym_stride.int,
    torch.ops.aten.sym_size.default,
    torch.ops.aten.sym_stride.default,
    torch.ops.aten.sym_storage_offset.default,
    torch.ops.aten.sym_numel.default,
    torch.ops.aten.numel.default,
    torch.ops.aten.dim.default,
    torch.ops.aten.is_contiguous.default,
    torch.ops.aten.is_contiguous.memory_format,
    torch.ops.aten.is_strides_like_format.default,
    torch.ops.aten.is_non_overlapping_and_dense.default,
    _DEVICE,
    torch.ops.prim.layout.default,
    torch.ops.aten.is_pinned.default,
}
