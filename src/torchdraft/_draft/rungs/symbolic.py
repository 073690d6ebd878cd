"""One trace of the model on one rung, with everything it patches undone afterwards."""

from __future__ import annotations

import math
from contextlib import ExitStack

import torch

from torchdraft._draft.effects.lru_caches import UnreachedCaches, separate_lru_caches
from torchdraft._draft.effects.mutations import report_mutated_inputs
from torchdraft._draft.effects.nondeterminism import impure_calls_reported
from torchdraft._draft.effects.threads import thread_starts_noted
from torchdraft._draft.effects.watched_calls import watched_calls_reported
from torchdraft._draft.finish.pipeline import finish
from torchdraft._draft.polyfills.builtins import classes_as_eager
from torchdraft._draft.polyfills.control_flow import ControlFlowFallback
from torchdraft._draft.prepare.constant_inputs import constant_inputs_restored, without_constant_inputs
from torchdraft._draft.reads.asserted import BY_VALUE
from torchdraft._draft.reads.copying import saved_tensors_read
from torchdraft._draft.reads.function_mode import HostReads
from torchdraft._draft.reads.shown_numbers import SymbolText
from torchdraft._draft.recorded.island import islands_in_place
from torchdraft._draft.shapes.requested import with_auto_dims
from torchdraft._draft.shapes.verdicts import judge_dimensions
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.fake_mode import DraftMode
from torchdraft._draft.tracing.request import Request
from torchdraft._draft.tracing.session import Session
from torchdraft._stack.user_stack import is_framework
from torchdraft._torch.dispatch import modes_put_back
from torchdraft._torch.patches.export_pipeline import export
from torchdraft._torch.patches.modules import BufferHooks
from torchdraft._torch.patches.torchscript import LoadedParameters
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import MODEL, TRACE
from torchdraft._torch.shapes import clean_dynamic_markers, narrow_to_guards
from torchdraft.rules.registry import watched_calls

from .forward_hooks import _hooks
from .ladder import Islands
from .lost_tensors import raise_if_tensors_lost


def trace_symbolically(
    request: Request,
    session: Session,
    islands: Islands,
    snapshot: Snapshot,
    *,
    relax: int = 0,
    hide_tracing: bool = False,
) -> torch.export.ExportedProgram:
    """Traces the model with `islands` in place. Raises what the trace raised.

    `relax` leaves dynamic dimensions to the tracer that the example itself breaks (1), or all of them (2). `unnoticed`
    tells a model that asks that it is not being traced.
    """
    options = {**request.options, "pre_dispatch": True}
    if "" in islands.names:
        options["dynamic_shapes"] = None
        session.most_symbols = math.inf  # the reads of a recorded run are asserted one by one
    elif relax:
        options["dynamic_shapes"] = with_auto_dims(request, relax)
    with ExitStack() as stack:
        loaded_parameters = LoadedParameters(request.mod)
        stack.enter_context(applied(MODEL, loaded_parameters=loaded_parameters))
        session.user_tensors = [*request.tensors(), *request.mod.parameters(), *request.mod.buffers()]
        stack.callback(session.close)
        stack.callback(snapshot.restore_modules)
        stack.callback(clean_dynamic_markers, request.tensors())
        stack.enter_context(modes_put_back())
        unreached = UnreachedCaches()
        stack.callback(unreached.empty)
        buffer_hooks = BufferHooks()
        stack.enter_context(constant_inputs_restored(request.mod, request.args, request.kwargs))
        stack.enter_context(_hooks(request.mod, session, snapshot, buffer_hooks.drop))
        patches_of_trace = applied(
            TRACE,
            mod=request.mod,
            mode_class=DraftMode,
            buffer_hooks=buffer_hooks,
            control_flow=ControlFlowFallback(session),
            texts=SymbolText(session, unreached.watch),
            is_framework=is_framework,
            tracing_answer=(lambda _: False) if hide_tracing else session.answer_tracing_query,
            longest_list=BY_VALUE,
            on_attribute_write=session.note_attribute,
            on_decided=session.env.note_decided,
            on_surrogate_outputs=session.record_surrogate_outputs,
            on_unbound=session.orphans.adopt,
        )
        stack.enter_context(patches_of_trace)  # before the islands, which store `forward` of scripted modules
        stack.enter_context(islands_in_place(request.mod, islands, session))
        stack.enter_context(thread_starts_noted(session))
        stack.enter_context(classes_as_eager(snapshot.namespaces()))
        stack.enter_context(impure_calls_reported(session, snapshot.namespaces()))
        stack.enter_context(separate_lru_caches(session, snapshot.namespaces()))
        stack.enter_context(watched_calls_reported(session, watched_calls()))
        reads = stack.enter_context(HostReads(session))
        stack.enter_context(saved_tensors_read(reads.saved))
        args, kwargs = without_constant_inputs(request.args, request.kwargs)
        program = export(
            request.mod,
            args,
            kwargs,
            mode=session.mode,
            any_unbacked=lambda: bool(session.env.born),
            strict=False,
            **options,
        )
        loaded_parameters.replace_in(program)
        narrow_to_guards(program, session.env)
        session.dimensions, found, session.new_dynamic_shapes = judge_dimensions(request, session)
        session.events.extend(found)
        report_mutated_inputs(request, session)
    raise_if_tensors_lost(program, request, session.thread_started_at)
    return finish(program, request, session)
