"""Stands between the program and a custom operator's fake kernel.

A kernel that is missing, raises or says something else than the real one on the example is replaced, for this one call,
by what a real run showed. The run is the tape's: its values serve later demands, and no op runs twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._stack.user_stack import user_stack
from torchdraft._tape.errors import NoRealValue, OpRaised
from torchdraft._torch.dispatch import is_op_of_graph
from torchdraft._torch.fake import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedMutationAliasingException,
    UnsupportedOperatorException,
)
from torchdraft._torch.library import MissingOpProfile, has_written_fake, needs_no_fake_kernel
from torchdraft._torch.tensors.nested import flat_outputs
from torchdraft.model.events import HostRead, KernelMismatched, KernelMissing, NotChecked

from .compare import Given, differences
from .fresh_symbols import discard_symbols, fresh_since
from .infer import Inference
from .trusted_ops import TrustedOps, is_builtin

if TYPE_CHECKING:
    from torchdraft._draft.tracing.fake_mode import DraftMode
    from torchdraft._tape.tape import Record

UNANSWERED = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedOperatorException,
    UnsupportedMutationAliasingException,
)
"""What torch's fake mode raises where it gives up on an operator of its own."""

SPARSE_PARTS = {
    op.default
    for name in (
        "indices",
        "values",
        "crow_indices",
        "col_indices",
        "ccol_indices",
        "row_indices",
        "_indices",
        "_values",
    )
    for op in (getattr(torch.ops.aten, name), getattr(torch.ops.aten, f"{name}_copy"))
} | {torch.ops.aten._nnz.default}


class FakeKernels:
    """What one trace knows of the operators it met."""

    def __init__(self, trust: TrustedOps) -> None:
        self.trust = trust
        self.inferred: set[str] = set()
        """Operators whose outputs came from a real run: the program guards them, the report has their profiles."""
        self.profiles: dict[str, set[Any]] = {}
        """Theirs, taken from the finished trace (functionalizing wraps an op that writes, and hides it)."""
        self._agreed: set[Any] = set()

    def run(self, mode: DraftMode, record: Record, args: Any, kwargs: Any, fake: Callable[[], Any]) -> Any:
        """The fake outputs of an op: the fake kernel's, or the real run's where that one is no good."""
        func = record.func
        if is_builtin(func):
            if func in SPARSE_PARTS and is_op_of_graph(func):
                return self._part(mode, record, args, kwargs, fake())
            refuted, born = mode.shape_env.refuted, len(mode.shape_env.unbacked_created)
            try:
                return fake()
            except (*UNANSWERED, RecursionError):  # the latter for sparse results of kernels run as a fallback
                return Inference(mode, record, args, kwargs).outputs(mode.context.reals.run_now(record).out)  # type: ignore[union-attr]
            except Exception as error:
                if mode.shape_env.refuted == refuted:
                    raise
                discard_symbols(mode.shape_env, fresh_since(mode.shape_env, born))
                return Inference(mode, record, args, kwargs).outputs(_run_instead(mode, record, error).out)
        born = len(mode.shape_env.unbacked_created)
        try:
            out = fake()
        except Exception as error:
            discard_symbols(mode.shape_env, fresh_since(mode.shape_env, born))
            return self._answer(mode, record, args, kwargs, error)
        if out is NotImplemented or self.trust.trusts(func) or needs_no_fake_kernel(func):
            return out
        return self._checked(mode, record, args, kwargs, out, born)

    def _part(self, mode: DraftMode, record: Record, args: Any, kwargs: Any, said: Any) -> Any:
        """Indices or values of a sparse tensor that the program asks for: a fake one holds none, and would say so of
        their sizes.
        """
        assert mode.context is not None
        try:
            return Inference(mode, record, args, kwargs).outputs(mode.context.reals.run_now(record).out, said)
        except NoRealValue:
            return said

    def _answer(self, mode: DraftMode, record: Record, args: Any, kwargs: Any, error: Exception) -> Any:
        """Outputs for an op whose fake kernel is missing or raised `error`."""
        try:
            ran = _run(mode, record)
        except NoRealValue:
            raise error from None
        self._report(mode, record, error)
        return self._inferred(mode, record, args, kwargs, ran.out, None)

    def _report(self, mode: DraftMode, record: Record, error: Exception) -> None:
        assert mode.context is not None
        op, func = str(record.func), record.func
        written = has_written_fake(func) and not isinstance(error, MissingOpProfile)
        stack = user_stack(4)
        if written:
            mode.context.log.emit(KernelMismatched(stack=stack, op=op, reason=f"it raises {_told(error)}"))
            return
        reason = "" if _only_says_missing(error) else f"its real kernel does not run on fake tensors: {_told(error)}"
        if isinstance(error, MissingOpProfile):
            reason = "no profile it was given fits these arguments"
        mode.context.log.emit(KernelMissing(stack=stack, op=op, reason=reason))

    def _checked(self, mode: DraftMode, record: Record, args: Any, kwargs: Any, out: Any, born: int) -> Any:
        """`out` where the real kernel agrees with it, and otherwise what the real one says."""
        assert mode.context is not None
        signature = (record.func, _outside(args), _outside(kwargs))
        if signature in self._agreed:
            return out
        try:
            ran = _run(mode, record, in_passing=True)
        except NoRealValue as error:
            self._agreed.add(signature)
            reason = f"the fake kernel of `{record.func}` with its real one ({error})"
            mode.context.log.emit(NotChecked(stack=user_stack(3), reason=reason))
            return out
        fresh = fresh_since(mode.shape_env, born)
        found = differences(mode, Given(args, kwargs, out), Given(ran.args, ran.kwargs, ran.out), fresh)
        if not found:
            self._agreed.add(signature)
            return out
        mode.context.log.emit(KernelMismatched(stack=user_stack(3), op=str(record.func), reason="; ".join(found)))
        made = self._inferred(mode, record, args, kwargs, ran.out, out)
        discard_symbols(mode.shape_env, fresh, unless_in=made)
        return made

    def _inferred(self, mode: DraftMode, record: Record, args: Any, kwargs: Any, real: Any, said: Any) -> Any:
        assert mode.context is not None
        self.inferred.add(str(record.func))
        made = Inference(mode, record, args, kwargs).outputs(real, said)
        for leaf in flat_outputs(made):
            if isinstance(leaf, (bool, int, float, str)):
                _report_frozen(mode, record.func, leaf)
        return made


def _run_instead(mode: DraftMode, record: Record, error: Exception) -> Any:
    """The real run of an op whose fake kernel raised `error`, which comes out where there is none."""
    try:
        return _run(mode, record)
    except NoRealValue:
        raise error from None


def _run(mode: DraftMode, record: Record, *, in_passing: bool = False) -> Any:
    """The real outputs and arguments of the op. Where the real kernel itself raises, so does the model: that exception
    comes out, for the model may catch it.
    """
    assert mode.context is not None
    reals = mode.context.reals
    try:
        return reals.run_transient(record) if in_passing else reals.run_now(record)
    except OpRaised as error:
        if error.record is record and error.__cause__ is not None:
            raise error.__cause__ from None
        raise


def _report_frozen(mode: DraftMode, func: Any, value: Any) -> None:
    """A result no symbol can stand for is a constant of the program, and nothing in the graph can hold it to that."""
    assert mode.context is not None
    kind = type(value).__name__
    read = f"{func} (returns {kind})"
    mode.context.log.emit(
        HostRead(stack=user_stack(5), read=read, dtype=kind, shape=(), value=repr(value), asserted="no")
    )


def _outside(value: Any) -> Any:
    """What of an argument a fake kernel can see, comparable without making a guard."""
    if isinstance(value, torch.Tensor):
        dense = value.layout is torch.strided
        strides = tuple(_outside(s) for s in value.stride()) if dense else ()
        return (value.dtype, value.device, value.layout, tuple(_outside(s) for s in value.shape), strides)
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return value.node.expr
    if isinstance(value, (list, tuple)):
        return tuple(_outside(v) for v in value)
    if isinstance(value, dict):
        return tuple((k, _outside(v)) for k, v in value.items())
    return (type(value), value) if value.__hash__ is not None else (type(value), id(value))


def _only_says_missing(error: Exception) -> bool:
    """Whether `error` says no more than that there is no fake kernel."""
    return isinstance(error, (*UNANSWERED, NotImplementedError)) or "no fake impl registered" in str(error)


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
