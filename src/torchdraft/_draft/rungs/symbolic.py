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
from torchdraft._torch.patches.control_flow import control_flow_fallback
from torchdraft._torch.patches.export import export, module_stack_kept
from torchdraft._torch.patches.fake_tensors import higher_order_rules, long_lists_read_whole
from torchdraft._torch.patches.functorch import transforms_traced_below
from torchdraft._torch.patches.modules import attribute_writes_reported, idle_conversions_skipped, own_buffer_hooks
from torchdraft._torch.patches.recording import tracing_flags_answered
from torchdraft._torch.patches.scripted import (
    loaded_parameters_as_such,
    opaque_script_objects_kept,
    scripted_modules_callable,
)
from torchdraft._torch.patches.symbolic_numbers import (
    decided_comparisons_reported,
    sections_as_numbers,
    symbolic_len,
    symbols_as_plain_numbers,
)
from torchdraft._torch.patches.symbolic_shapes import unbound_symbols_reported
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
        keep_parameters = stack.enter_context(loaded_parameters_as_such(request.mod))
        session.user_tensors = [*request.tensors(), *request.mod.parameters(), *request.mod.buffers()]
        stack.callback(session.close)
        stack.callback(snapshot.restore_modules)
        stack.callback(clean_dynamic_markers, request.tensors())
        stack.enter_context(modes_put_back())
        stack.enter_context(higher_order_rules(DraftMode, session.record_surrogate_outputs))
        unreached = UnreachedCaches()
        stack.callback(unreached.empty)
        stack.enter_context(symbols_as_plain_numbers(SymbolText(session, unreached.watch)))
        drop_export_hook = stack.enter_context(own_buffer_hooks())
        stack.enter_context(constant_inputs_restored(request.mod, request.args, request.kwargs))
        stack.enter_context(_hooks(request.mod, session, snapshot, drop_export_hook))
        stack.enter_context(scripted_modules_callable(request.mod))
        stack.enter_context(opaque_script_objects_kept())
        stack.enter_context(islands_in_place(request.mod, islands, session))
        stack.enter_context(control_flow_fallback(ControlFlowFallback(session)))
        stack.enter_context(sections_as_numbers())
        stack.enter_context(symbolic_len())
        stack.enter_context(decided_comparisons_reported(session.env.note_decided))
        stack.enter_context(module_stack_kept())
        stack.enter_context(idle_conversions_skipped())
        stack.enter_context(transforms_traced_below())
        stack.enter_context(unbound_symbols_reported(session.orphans.adopt))
        stack.enter_context(thread_starts_noted(session))
        stack.enter_context(attribute_writes_reported(session.note_attribute))
        stack.enter_context(classes_as_eager(snapshot.namespaces()))
        stack.enter_context(impure_calls_reported(session, snapshot.namespaces()))
        stack.enter_context(separate_lru_caches(session, snapshot.namespaces()))
        stack.enter_context(watched_calls_reported(session, watched_calls()))
        answer = (lambda _: False) if hide_tracing else session.answer_tracing_query
        stack.enter_context(tracing_flags_answered(is_framework, answer))
        stack.enter_context(long_lists_read_whole(BY_VALUE))
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
        keep_parameters(program)
        narrow_to_guards(program, session.env)
        session.dimensions, found, session.new_dynamic_shapes = judge_dimensions(request, session)
        session.events.extend(found)
        report_mutated_inputs(request, session)
    raise_if_tensors_lost(program, request, session.thread_started_at)
    return finish(program, request, session)
