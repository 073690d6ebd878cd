"""Decides between an operator's fake kernel and a real run.

A fake kernel that is missing, raises, or disagrees with the real kernel on the example is replaced, for this one call,
by outputs inferred from a real run. The tape makes the run and keeps its values, so no operator runs twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import torch

from torchdraft._stack.user_stack import user_stack
from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.provenance import computed_by
from torchdraft._torch.dispatch import is_op_of_graph
from torchdraft._torch.library import MissingOpProfile, has_written_fake, is_composite
from torchdraft._torch.symbolic.fake import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    OpOverload,
    UnsupportedMutationAliasingException,
    UnsupportedOperatorException,
)
from torchdraft._torch.tensors.nested import flat_outputs
from torchdraft.model.events import HostRead, KernelMismatched, KernelMissing, NotChecked

from .call_facts import CallFacts, facts_of_run, note_facts, note_plain_result, undeclared
from .checked_calls import PLAIN_VALUES, has_form
from .compare import OpResult, differences
from .composite_ops import CompositeOps
from .fresh_symbols import discard_symbols, fresh_since
from .infer import Inference
from .kernel_reads import DataRead, SizeFixed, is_required, sizes_kept_symbolic, what_is_fixed
from .learned_kernels import LearnedKernel
from .op_call import OpCall
from .signatures import ObservedRuns, signature_of
from .trusted_ops import TrustedOps, is_builtin

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.fake_mode import DraftMode
    from torchdraft._tape.evaluation.evaluate import OpRun
    from torchdraft._tape.tape import Record, Tape

NO_FAKE_RESULT = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedOperatorException,
    UnsupportedMutationAliasingException,
)
"""What torch's fake mode raises where it cannot compute the outputs of an operator."""

_READ = torch.ops.aten._local_scalar_dense.default
MOST_SEARCHED = 1000
"""How many operations back a tensor is followed to a custom operator."""

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
"""Operators whose fake outputs are empty, because a fake sparse tensor stores no values."""


class FakeKernels:
    """The operators of one trace: which were inferred, which were found to agree with their fake kernels."""

    def __init__(self, trust: TrustedOps, learned: Mapping[Any, LearnedKernel] | None = None) -> None:
        self.trust = trust
        self.learned = {} if learned is None else learned
        """Operators that have a learned kernel in this trace."""
        self.composite = CompositeOps(trust)
        self.inferred: set[str] = set()
        """Operators whose outputs came from a real run. The program guards them, the report has their profiles."""
        self.profiles: dict[str, set[Any]] = {}
        """Operator → its profiles, taken from the finished trace: functionalization wraps an operator that writes."""
        self.on_run: list[Callable[[OpCall, OpRun], None]] = []
        """Called with each real run whose outputs are used."""
        self._observed = ObservedRuns()
        self._facts: dict[Any, CallFacts] = {}
        """What the real run showed of each signature that is in `_observed`."""
        self._agreed: dict[Any, CallFacts] = {}
        """Calls whose fake kernel agreed with the real one, by what a fake kernel can read of them."""
        self.called: set[Any] = set()
        """The operators that were called whose kernels are not trusted."""
        self.layouts_read = False
        """Whether the model's code read how the output of a custom operator lies in memory."""

    def call(self, context: TraceContext, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of an operator that the model calls, on tensors that the trace may track."""
        return self.composite.call(context, func, args, kwargs)

    def note_layout_read(self, tape: Tape, tensor: torch.Tensor) -> bool:
        """The model's code reads how a tensor lies in memory: from now on the program asserts how the outputs of custom
        operators do, if one of them may decide it.
        """
        if not self.called or not computed_by(tape, tensor, lambda record: record.func in self.called, MOST_SEARCHED):
            return False
        self.layouts_read = True
        return True

    def run(self, mode: DraftMode, record: Record, args: Any, kwargs: Any, fake: Callable[[], Any]) -> Any:
        """The fake outputs of a call: those of the fake kernel, which `fake` runs, or of a real run."""
        call = OpCall(mode, record, args, kwargs)
        if call.func is _READ and call.env.refuse_data:
            raise DataRead
        if is_builtin(call.func):
            out = self._builtin(call, fake)
        else:
            out = self._custom(call, fake)
            note_plain_result(call, out)
        if record.objects and mode.depth == 1:
            for leaf in flat_outputs(out):
                if isinstance(leaf, (bool, int, float, str)):
                    _report_frozen(call, leaf)  # it depends on the state of an object, which no symbol represents
        return out

    def _builtin(self, call: OpCall, fake: Callable[[], Any]) -> Any:
        """The outputs of an operator of torch: inferred where its fake kernel gives up, or guesses wrongly."""
        if call.func in SPARSE_PARTS and is_op_of_graph(call.func):
            return _sparse_part(call, fake())
        refuted, created = call.env.refuted, len(call.env.unbacked_created)
        try:
            return fake()
        except (*NO_FAKE_RESULT, RecursionError):  # the latter for sparse results of kernels that run as a fallback
            return Inference(call).outputs(call.context.reals.run_now(call.record).out)
        except Exception as error:
            if call.env.refuted == refuted:
                raise
            discard_symbols(call.env, fresh_since(call.env, created))
            return Inference(call).outputs(call.run_instead(error).out)

    def _custom(self, call: OpCall, fake: Callable[[], Any]) -> Any:
        """The outputs of a custom operator, checked unless its fake kernel is trusted."""
        if call.func in self.composite.whole:
            return self._without_kernel(call, UnsupportedOperatorException(call.func))
        created = len(call.env.unbacked_created)
        trusted = self.trust.trusts(call.func) and call.func not in self.learned
        if not trusted:
            self.called.add(call.func)
        try:
            out = fake() if trusted else _without_fixing(call, fake, created)
        except KeyboardInterrupt:  # of the user
            raise
        except BaseException as error:  # SystemExit too: a kernel that ends the process says nothing about its outputs
            discard_symbols(call.env, fresh_since(call.env, created))
            try:
                return self._without_kernel(call, error)
            except SizeFixed:  # the real kernel cannot be run
                return fake()
        if out is NotImplemented or trusted or is_composite(call.func):
            return out
        return self._checked(call, out, created)

    def _without_kernel(self, call: OpCall, error: BaseException) -> Any:
        """Outputs inferred from a real run, after the fake kernel raised `error` or was found to be missing."""
        signature = signature_of(call)
        observed = self._observed.of(signature)
        self.called.add(call.func)
        if observed is None:
            run = call.run_instead(error)
            self._observed.note(signature, run, "")
            self._facts[signature] = self._facts_of(call, run, _kind(call.func, error))
            self._note_run(call, run)
            _report_undeclared(call, run)
        note_facts(call, self._facts[signature])
        if not self._report_own(call):
            _report_missing(call, error, self.composite.whole.get(call.func))
        return self._inferred(call, run.out if observed is None else observed.outputs, None)

    def _checked(self, call: OpCall, out: Any, created: int) -> Any:
        """`out` where the real kernel agrees with it, otherwise outputs inferred from the real ones."""
        signature = signature_of(call)
        known = self._agreed.get(signature)
        if known is not None:
            note_facts(call, known)
            self._report_own(call)
            return out
        fresh = fresh_since(call.env, created)
        observed = self._observed.of(signature)
        if observed is not None:
            note_facts(call, self._facts[signature])
            return self._replaced(call, out, fresh, *observed)
        try:
            run = call.run(read_once=True)
        except NoRealValue as error:
            self._agreed[signature] = CallFacts("agreed")
            note_facts(call, self._agreed[signature])
            reason = f"the fake kernel of `{call.func}` with its real one ({error})"
            call.context.log.emit(NotChecked(stack=user_stack(), reason=reason))
            return out
        found = differences(call, OpResult(call.args, call.kwargs, out), OpResult(run.args, run.kwargs, run.out), fresh)
        _report_undeclared(call, run)
        if not found:
            facts = self._agreed[signature] = self._facts_of(call, run, "agreed")
            note_facts(call, facts)
            if self._report_own(call):
                self.inferred.add(str(call.func))
                self._note_run(call, run)
            return out
        self._observed.note(signature, run, "; ".join(found))
        self._facts[signature] = self._facts_of(call, run, "wrong")
        note_facts(call, self._facts[signature])
        self._note_run(call, run)
        return self._replaced(call, out, fresh, run.out, "; ".join(found))

    def _replaced(self, call: OpCall, out: Any, fresh: list[Any], real: Any, difference: str) -> Any:
        """Outputs inferred from `real`, in place of those of a fake kernel that differ from them."""
        if not self._report_own(call):
            call.context.log.emit(KernelMismatched(stack=user_stack(), op=str(call.func), reason=difference))
        inferred = self._inferred(call, real, out)
        discard_symbols(call.env, fresh, unless_in=inferred)
        return inferred

    def _facts_of(self, call: OpCall, run: OpRun, kind: Literal["agreed", "missing", "wrong"]) -> CallFacts:
        """The facts of a run, where `kind` says what the operator's own kernel is; a learned one knows that."""
        learned = self.learned.get(call.func)
        return facts_of_run(kind if learned is None else learned.kind, run)

    def _note_run(self, call: OpCall, run: OpRun) -> None:
        for note in self.on_run:
            note(call, run)

    def _report_own(self, call: OpCall) -> bool:
        """Emits what is wrong with the operator's own kernel, if the one that the trace uses is learned."""
        learned = self.learned.get(call.func)
        if learned is not None:
            call.context.log.emit(replace(learned.event, stack=user_stack()))
        return learned is not None

    def _inferred(self, call: OpCall, real: Any, fake: Any) -> Any:
        self.inferred.add(str(call.func))
        outputs = Inference(call).outputs(real, fake)
        _report_returned(call, outputs)
        return outputs


def _without_fixing(call: OpCall, fake: Callable[[], Any], created: int) -> Any:
    """What the fake kernel returns. Raises `SizeFixed` if it fixes a size, except by a condition that it requires."""
    required: set[Any] = set()
    while True:
        try:
            with sizes_kept_symbolic(call.env, call.func, required):
                return fake()
        except SizeFixed as error:
            if not error.is_condition or not is_required(call, error):
                raise
            discard_symbols(call.env, fresh_since(call.env, created))
            required.add(error.expr)


def _sparse_part(call: OpCall, fake: Any) -> Any:
    """Indices or values of a sparse tensor, inferred from a real run; the fake ones have a size of 0."""
    try:
        return Inference(call).outputs(call.context.reals.run_now(call.record).out, fake)
    except NoRealValue:
        return fake


def _report_missing(call: OpCall, error: BaseException, parts: str | None = None) -> None:
    """Emits the event of a fake kernel that raised `error`, or that does not exist. `parts`: what those of a composite
    operator did.
    """
    op = str(call.func)
    schema = str(getattr(call.func, "_schema", ""))
    if parts is not None:
        reason = f"it is composed of other operators, and on fake tensors {parts}"
        call.context.log.emit(KernelMissing(stack=user_stack(), op=op, reason=reason))
        return
    if isinstance(error, SizeFixed):
        reason, instead = what_is_fixed(call, error)
        call.context.log.emit(KernelMismatched(stack=user_stack(), op=op, reason=reason, instead=instead, fixes=True))
        return
    if _has_kernel(call.func, error):
        reason = f"it raises {_error_text(error)}"
        call.context.log.emit(KernelMismatched(stack=user_stack(), op=op, reason=reason))
        return
    reason = "" if _says_missing(error) else f"its real kernel does not run on fake tensors: {_error_text(error)}"
    if isinstance(error, MissingOpProfile):
        reason = "no profile it was given fits these arguments"
    call.context.log.emit(KernelMissing(stack=user_stack(), op=op, reason=reason, schema=schema))


def _report_undeclared(call: OpCall, run: OpRun) -> None:
    """Emits the event of what the real kernel did and its schema does not declare."""
    reasons = list(undeclared(call.func, run))
    if reasons:
        reason = "; ".join(reasons)
        call.context.log.emit(KernelMismatched(stack=user_stack(), op=str(call.func), reason=reason, what="schema"))


def _report_returned(call: OpCall, outputs: Any) -> None:
    """Emits the events of outputs that are plain Python values. They are constants of the program."""
    asserted: Literal["result", "plain"] = "result" if has_form(call.args, call.kwargs) else "plain"
    for leaf in flat_outputs(outputs):
        if isinstance(leaf, PLAIN_VALUES):
            _report_frozen(call, leaf, asserted)


def _report_frozen(call: OpCall, value: Any, asserted: Literal["result", "plain"] = "plain") -> None:
    """Emits the event of an output that no symbol represents: it is a constant of the program."""
    kind = type(value).__name__
    read = f"{_called(call)} (returns {kind})"
    call.context.log.emit(
        HostRead(stack=user_stack(), read=read, dtype=kind, shape=(), value=repr(value), asserted=asserted)
    )


def _called(call: OpCall) -> str:
    """The name of the operator, or of the method of a TorchBind object."""
    if not isinstance(call.func, OpOverload) and call.record.objects and isinstance(call.args[1], str):
        return f"{call.record.objects[0].script_class_name.rpartition('.')[2]}.{call.args[1]}"
    return str(call.func)


def _kind(func: Any, error: BaseException) -> Literal["missing", "wrong"]:
    return "wrong" if _has_kernel(func, error) else "missing"


def _has_kernel(func: Any, error: BaseException) -> bool:
    """Whether a fake kernel was written that raised `error`: later traces would use it."""
    return has_written_fake(func) and not isinstance(error, MissingOpProfile)


def _says_missing(error: BaseException) -> bool:
    """Whether `error` only says that there is no fake kernel."""
    return isinstance(error, (*NO_FAKE_RESULT, NotImplementedError)) or "no fake impl registered" in str(error)


def _error_text(error: BaseException) -> str:
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
