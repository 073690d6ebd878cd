"""The call `draft_export`: checks the arguments, runs the pipeline alone in the process, and leaves no trace behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal, TypeVar

import torch

from torchdraft._stack.user_stack import from_user
from torchdraft._torch.dispatch import as_if_nothing_traced
from torchdraft._torch.patches.tracers.quiet import torch_output_suppressed
from torchdraft._torch.patching.changes import Changes, mark, undo_since
from torchdraft._torch.process_state import ProcessState, release_frames
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.torchscript import as_plain_module
from torchdraft.model import Report, Severity
from torchdraft.model.errors import WrongValue

from .check.eager import ModelRaised
from .custom_ops.trusted_ops import CheckKernels, TrustedOps, check_choice
from .exclusive import exclusive
from .paths.budget import PathBudget
from .pipeline import Draft
from .prepare.call import check_call
from .prepare.forward_signature import make_signature_fit
from .prepare.lazy_modules import lazy_modules_materialized
from .prepare.options import check_budget, check_preserved, check_switch, checked_kwargs, checked_trusted_ops
from .progress import described
from .report.phases import Phases
from .shapes.requested import unwrap_integers
from .state.snapshot import Snapshot
from .tracing.draft_threads import belongs
from .tracing.request import Request

log = logging.getLogger("torchdraft")

Result = TypeVar("Result")

DEFAULT_BUDGET = 2 << 30
"""Bytes of real values kept while tracing; see `torchdraft._tape`."""


def draft_export(
    mod: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: Any = None,
    preserve_module_call_signature: tuple[str, ...] = (),
    strict: bool = False,
    pre_dispatch: bool = True,
    prefer_deferred_runtime_asserts_over_guards: bool = False,
    check_on_example: bool | None = None,
    memory_budget: int = DEFAULT_BUDGET,
    trusted_ops: Collection[str] = (),
    check_kernels: CheckKernels = "custom",
    learn_sizes: bool = False,
    paths: Literal["example", "all"] | PathBudget = "example",
) -> torch.export.ExportedProgram:
    """Exports `mod` on the example inputs, whatever stands in the way, and reports everything that did.

    The arguments up to `prefer_deferred_runtime_asserts_over_guards` mean what they mean to
    `torch.export.draft_export` and `torch.export.export`.

    Args:
        mod: the model. It is left as it was: parameters, buffers, attributes.
        args: example positional inputs, a tuple. Never written to.
        kwargs: example keyword inputs.
        dynamic_shapes: which dimensions are dynamic, in any form `torch.export.export` takes.
        preserve_module_call_signature: submodules whose calling convention the program keeps.
        strict: trace through Dynamo; where it gives up the model is traced without it and the report says why.
        pre_dispatch: keep high-level ops (the default) instead of decomposing to the ATen dispatch level.
        prefer_deferred_runtime_asserts_over_guards: assert relations of dimensions at run time.
        check_on_example: run the program beside eager on the example. None: whenever a rung below the first served,
            and otherwise where that is cheap next to the trace.
        memory_budget: bytes of computed real values kept for reuse while tracing; above it the oldest are dropped, and
            computed again when something asks for them.
        trusted_ops: namespaces (`"mylib"`) or operators (`"mylib::foo"`) whose fake kernels are not compared with the
            real ones; `"*"` for all. Those that torch and its libraries ship are trusted anyway.
        check_kernels: `"custom"` compares the fake kernel of each operator that is not trusted with its real one, by
            one real run for each signature of its calls; `"all"` does so for the operators of torchvision and other
            trusted libraries too, except those in `trusted_ops`; `"none"` compares none. Whatever it says, an operator
            without a fake kernel is run.
        learn_sizes: learn the sizes of the outputs of operators whose fake kernels are missing or wrong, instead of
            leaving each free. An operator is run some hundred times on variations of its calls, in a forked process,
            as `synthesize_fake_kernel` does; one whose schema declares a write or an alias, or that has side effects,
            is not. The model is traced a second time. The program asserts what was learned.
        paths: `"example"` keeps the path that the example takes and asserts each condition on it; `"all"` keeps both
            sides of the branches of the model's Python code, as `torch.cond`. The model is traced once for each other
            side, and what Python code does beside computing tensors (printing, for example) happens for each. A
            `PathBudget` does so within other limits.

    Returns:
        An `ExportedProgram`; `program._report` is the `torchdraft.Report`. Its summary is logged: as a warning if an
        issue is `baked` or a rung below the symbolic one made the program, otherwise as information.

    Raises:
        Whatever the model raises eagerly on these inputs, unchanged; `TypeError` or `ValueError` where the call itself
        is wrong (arguments that are no tuple, `dynamic_shapes` without the structure of the inputs); torch's own error
        where nothing can be made of the inputs (a nested tensor among them).

    """
    check_call(mod, args)
    check_choice(check_kernels)
    trust = TrustedOps(checked_trusted_ops(trusted_ops), check_kernels)
    kwargs = checked_kwargs(kwargs)
    budget_of_paths = _budget_of(paths)
    check_budget(memory_budget)
    check_preserved(mod, preserve_module_call_signature)
    for name, value in (
        ("strict", strict),
        ("pre_dispatch", pre_dispatch),
        ("prefer_deferred_runtime_asserts_over_guards", prefer_deferred_runtime_asserts_over_guards),
        ("check_on_example", check_on_example),
        ("learn_sizes", learn_sizes),
    ):
        check_switch(name, value)
    options = {
        "dynamic_shapes": dynamic_shapes,
        "preserve_module_call_signature": preserve_module_call_signature,
        "pre_dispatch": pre_dispatch,
        "prefer_deferred_runtime_asserts_over_guards": prefer_deferred_runtime_asserts_over_guards,
    }

    def draft() -> torch.export.ExportedProgram:
        request = Request(mod, args, kwargs, options)
        return _drafted(request, strict, check_on_example, memory_budget, trust, budget_of_paths, learn_sizes)

    own: BaseException | None = None
    try:
        program = _alone_without_trace(draft, mod, args, kwargs)
    except ModelRaised as raised:
        own = raised.error
    if own is not None:
        # Outside the handler: with the model's context and no other, and the user's frame first.
        raise own.with_traceback(from_user(own.__traceback__))
    _log(program._report)
    return program


def _log(report: Report) -> None:
    """One line: a warning where other inputs can be wrong, and where the model could not be traced with symbols."""
    alarming = report.rung != "symbolic" or Severity.BAKED in report.counts()
    rung = "" if report.rung == "symbolic" else f"; rung: {report.rung}"
    log.log(logging.WARNING if alarming else logging.INFO, "%s%s", report.summary(), rung)


def _budget_of(paths: Any) -> PathBudget | None:
    """The budget that the argument `paths` stands for; None for the path of the example alone."""
    if isinstance(paths, PathBudget):
        return paths
    if paths not in ("example", "all"):
        raise WrongValue(f"paths={paths!r}", '"example", "all" or a torchdraft.PathBudget')
    return PathBudget() if paths == "all" else None


def _drafted(
    request: Request,
    strict: bool,
    check_on_example: bool | None,
    budget: int,
    trust: TrustedOps,
    paths: PathBudget | None,
    learn_sizes: bool,
) -> torch.export.ExportedProgram:
    """The program of a request. Raises `ModelRaised` where the model raises eagerly."""
    phases = Phases()
    unwrap_integers(request)
    request.mod, made = lazy_modules_materialized(as_plain_module(request.mod), request.args, request.kwargs)
    with Changes() as changes:
        make_signature_fit(request.mod, request.args, request.kwargs, changes)
        snapshot = Snapshot(request.mod, (request.args, dict(request.kwargs)))
        draft = Draft(request, snapshot, phases, budget, trust, learn_sizes=learn_sizes)
        draft.events.extend(made)
        changes.afterwards(draft.undo_if_failed)
        changes.afterwards(snapshot.restore)
        with torch_output_suppressed(), described(draft.progress):
            return draft.run(strict, check_on_example, paths)


def _alone_without_trace(
    run: Callable[[], Result], mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Result:
    """`run()`, while no other thread drafts. Inside another draft it runs outside everything that traces the model."""
    if not belongs():
        with exclusive():
            return _without_trace(run)
    _refuse_fake_tensors(mod, args, kwargs)
    with as_if_nothing_traced():
        return _without_trace(run)


def _without_trace(run: Callable[[], Result]) -> Result:
    """`run()`. Afterwards every change made by it is undone, also where a KeyboardInterrupt came in the middle of that:
    one interrupt ends only one of the two clauses.
    """
    marked, state, undone, interrupted = mark(), ProcessState(), False, False
    try:
        try:
            return run()
        except BaseException as error:
            interrupted = not isinstance(error, Exception)
            if interrupted:
                release_frames(error)
            raise
        finally:
            undo_since(marked)
            state.restore(interrupted=interrupted)
            undone = True
    finally:
        if not undone:
            undo_since(marked)
            state.restore(interrupted=True)


def _refuse_fake_tensors(mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Ends an attempt that traces a call of `draft_export` in a model: drafted on fake tensors, the inner program would
    hold them. The module that calls it is recorded from its real run instead.
    """
    tensors = [*Request(mod, args, kwargs).tensors(), *mod.parameters(), *mod.buffers()]
    if any(isinstance(tensor, FakeTensor) for tensor in tensors):
        raise RuntimeError("draft_export was called on tensors of a trace; the call has to run on real tensors")
