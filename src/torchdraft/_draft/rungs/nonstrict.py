"""One trace of the model without Dynamo, with everything it patches undone afterwards."""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import Any

import torch

from torchdraft._draft.effects.calls.lru_caches import LruCaches
from torchdraft._draft.effects.calls.threads import Threads
from torchdraft._draft.finish.pipeline import finish
from torchdraft._draft.polyfills.control_flow import ControlFlowFallback
from torchdraft._draft.polyfills.python.builtins import builtins_replaced
from torchdraft._draft.polyfills.python.calls import calls_replaced
from torchdraft._draft.polyfills.python.loops import Rows, loops_unrolled
from torchdraft._draft.prepare.constant_inputs import (
    constant_inputs_restored,
    placeholders_removed,
    without_constant_inputs,
)
from torchdraft._draft.reads.asserted import BY_VALUE
from torchdraft._draft.reads.function_mode import HostReads
from torchdraft._draft.reads.shown_numbers import SymbolText
from torchdraft._draft.shapes.requested import with_auto_dims
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.fake_mode import DraftMode
from torchdraft._draft.tracing.request import Request
from torchdraft._source.code.redirected_calls import original as original_code
from torchdraft._stack.frame_kinds import is_framework
from torchdraft._torch.graph.saved_tensors import SavedTensors
from torchdraft._torch.patches.models.modules import BufferHooks
from torchdraft._torch.patches.models.torchscript import LoadedParameters
from torchdraft._torch.patches.tracers.export_pipeline import export
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import GRADIENTS, MODEL, PATH, TRACE
from torchdraft._torch.symbolic.shapes import narrow_to_guards

from .forward_hooks import forward_hooks
from .ladder import rung_of
from .lost_tensors import raise_if_tensors_lost
from .plan import Plan
from .scope import attempt_scope, conclude
from .session import Session


def trace_nonstrict(
    request: Request, session: Session, snapshot: Snapshot, plan: Plan, *, finished: bool = True
) -> torch.export.ExportedProgram:
    """Traces the model as `plan` says. Raises what the trace raised.

    `finished=False` leaves the graph as traced: without torch's assertions and without the graph passes.
    """
    options = {**request.options, "pre_dispatch": True, "dynamic_shapes": _dynamic_shapes(request, plan)}
    if "" in plan.islands:
        session.env.most_symbols = math.inf  # the reads of a recorded run are asserted one by one
    with ExitStack() as stack:
        loaded_parameters = LoadedParameters(request.mod)
        stack.enter_context(applied(MODEL, loaded_parameters=loaded_parameters))
        stack.enter_context(attempt_scope(request, session, snapshot))
        if not finished:
            stack.enter_context(applied(PATH, rows=Rows))
            stack.enter_context(loops_unrolled())
        _watch(stack, request, session, snapshot, plan)
        args, kwargs = without_constant_inputs(request.args, request.kwargs)
        program = export(
            request.mod,
            args,
            kwargs,
            mode=session.mode,
            any_unbacked=lambda: bool(session.env.unbacked_created),
            strict=False,
            **options,
        )
        placeholders_removed(program, request.args, request.kwargs)
        loaded_parameters.replace_in(program)
        narrow_to_guards(program, session.env)
        conclude(request, session)
    if not finished:
        return program
    raise_if_tensors_lost(program, request, session.effects.watcher(Threads).last_start)
    return finish(program, request, session.kernels, session.runs, session.resolved(), session.context.log)


def _dynamic_shapes(request: Request, plan: Plan) -> Any:
    """The requested dynamic shapes, as far as the plan keeps them."""
    if "" in plan.islands:
        return None
    return with_auto_dims(request, plan.auto_dims) if plan.auto_dims else request.options.get("dynamic_shapes")


class GradientsNotFollowed(RuntimeError):
    """A recorded run would contain what autograd saved as constants."""


def _backward_runs(session: Session, plan: Plan) -> None:
    """`forward` runs a backward pass. A symbolic trace may have no need to follow what autograd saved for it."""
    session.computed_gradients = True
    if plan.islands and plan.frozen is None and not plan.gradients:
        raise GradientsNotFollowed


def _watch(stack: ExitStack, request: Request, session: Session, snapshot: Snapshot, plan: Plan) -> None:
    """Enters everything that changes torch, Python or the model for the time of the trace.

    The order matters in two places: the hooks around `forward` are registered before a rung replaces `forward`, and the
    function mode of host reads comes last, since it must see a call before any other mode does.
    """
    context, mod, effects = session.context, request.mod, session.effects
    buffer_hooks = BufferHooks()
    stack.enter_context(constant_inputs_restored(mod, request.args, request.kwargs))
    stack.enter_context(forward_hooks(mod, session, snapshot, buffer_hooks.drop))
    session.queries.hidden = bool(plan.hide_tracing)
    reads = HostReads(context, session.shared_memory, session.unbound_symbols)
    patches_of_trace = applied(
        TRACE,
        mode_class=DraftMode,
        buffer_hooks=buffer_hooks,
        control_flow=ControlFlowFallback(context),
        dynamo_asked=lambda: session.queries.answer(True),
        texts=SymbolText(context, effects.watcher(LruCaches).symbol_hashed),
        read_saved=reads.saved,
        is_framework=is_framework,
        tracing_answer=session.queries.answer,
        longest_list=BY_VALUE,
        on_attribute_write=effects.trace.assigned.note,
        on_decided=session.env.note_decided,
        on_surrogate_outputs=context.record_surrogate_outputs,
        on_unbound=session.unbound_symbols.adopt,
        on_backward=lambda: _backward_runs(session, plan),
        original_code=original_code,
    )
    stack.enter_context(patches_of_trace)
    if plan.gradients:
        context.saved_tensors = SavedTensors()
        stack.enter_context(applied(GRADIENTS, saved=context.saved_tensors))
    stack.enter_context(rung_of(plan).in_place(plan, mod, session))
    stack.enter_context(builtins_replaced(snapshot.namespaces()))
    stack.enter_context(calls_replaced(snapshot))
    stack.enter_context(effects.installed(snapshot))
    stack.enter_context(reads)
