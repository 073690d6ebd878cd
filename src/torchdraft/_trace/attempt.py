"""One trace of the model on one rung, with everything it patches undone afterwards."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from .._kernels.generate import unsafe_generate_fake_kernels
from .._kernels.guards import guard_ops, profiles_of
from .._torch import pytree
from .._torch.dispatch import modes_put_back
from .._torch.export import export, lowered, module_stack_kept, write_inner_graphs
from .._torch.fake import higher_order_rules, long_lists_read_whole
from .._torch.functorch import transforms_traced_below
from .._torch.hops import rescued
from .._torch.modules import attribute_writes_told, idle_conversions_skipped, own_buffer_hooks
from .._torch.recording import asked_whether_traced
from .._torch.scripted import loaded_parameters_as_such, objects_that_cannot_be_taken_apart, scripted_modules_callable
from .._torch.shapes import clean_dynamic_markers, narrow_to_guards, unbound_symbols_reported
from .._torch.symnode import decided_comparisons_told, lengths_symbolic, plain_when_python_insists, sections_as_numbers
from ..rules.registry import watched_calls
from .asked import relaxed
from .branches import Rescue
from .caches import Unreached, caches_of_its_own
from .calls import calls_told
from .copying import saved_tensors_read
from .dimensions import judge_dimensions
from .eager_classes import classes_as_eager
from .effects import tell_changed_inputs, tell_effects, tell_inputs_and_weights
from .given import GivenContainers
from .impure import RandomStates, impure_calls_told
from .inputs import given_to
from .island import islands_in_place
from .kept import kept_given, without_kept
from .ladder import Islands
from .mend import mend
from .mode import DraftMode
from .printing import Texts
from .reads import BY_VALUE, HostReads
from .returned import drained, held_in_structure, with_a_leaf
from .session import Session
from .snapshot import Snapshot
from .stacks import is_framework, model_called_from
from .threads import threads_noted
from .types import registered_output
from .untraced import raise_if_untraced


@dataclass(slots=True)
class Request:
    """What the caller asked to be drafted."""

    mod: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    options: dict[str, Any] = field(default_factory=dict)

    def tensors(self) -> list[torch.Tensor]:
        """The tensors among the example inputs."""
        return [t for t in pytree.tree_leaves((self.args, dict(self.kwargs))) if isinstance(t, torch.Tensor)]


def attempt(
    request: Request,
    session: Session,
    islands: Islands,
    snapshot: Snapshot,
    *,
    relax: int = 0,
    unnoticed: bool = False,
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
        options["dynamic_shapes"] = relaxed(request, relax)
    with ExitStack() as stack:
        keep_parameters = stack.enter_context(loaded_parameters_as_such(request.mod))
        session.own_tensors = [*request.tensors(), *request.mod.parameters(), *request.mod.buffers()]
        stack.callback(session.close)
        stack.callback(snapshot.restore_modules)
        stack.callback(clean_dynamic_markers, request.tensors())
        stack.enter_context(modes_put_back())
        stack.enter_context(higher_order_rules(DraftMode, session.made_by))
        unreached = Unreached()
        stack.callback(unreached.empty)
        stack.enter_context(plain_when_python_insists(Texts(session, unreached.watch)))
        drop_export_hook = stack.enter_context(own_buffer_hooks())
        stack.enter_context(kept_given(request.mod, request.args, request.kwargs))
        stack.enter_context(_hooks(request.mod, session, snapshot, drop_export_hook))
        stack.enter_context(scripted_modules_callable(request.mod))
        stack.enter_context(objects_that_cannot_be_taken_apart())
        stack.enter_context(islands_in_place(request.mod, islands, session))
        stack.enter_context(rescued(Rescue(session)))
        stack.enter_context(sections_as_numbers())
        stack.enter_context(lengths_symbolic())
        stack.enter_context(decided_comparisons_told(session.env.note_decided))
        stack.enter_context(module_stack_kept())
        stack.enter_context(idle_conversions_skipped())
        stack.enter_context(transforms_traced_below())
        stack.enter_context(unbound_symbols_reported(session.orphans.adopt))
        stack.enter_context(threads_noted(session))
        stack.enter_context(attribute_writes_told(session.note_attribute))
        stack.enter_context(classes_as_eager(snapshot.namespaces()))
        stack.enter_context(impure_calls_told(session, snapshot.namespaces()))
        stack.enter_context(caches_of_its_own(session, snapshot.namespaces()))
        stack.enter_context(calls_told(session, watched_calls()))
        answer = (lambda _: False) if unnoticed else session.admits_tracing
        stack.enter_context(asked_whether_traced(is_framework, answer))
        stack.enter_context(long_lists_read_whole(BY_VALUE))
        reads = stack.enter_context(HostReads(session))
        stack.enter_context(saved_tensors_read(reads.saved))
        args, kwargs = without_kept(request.args, request.kwargs)
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
        tell_inputs_and_weights(request, session)
    raise_if_untraced(program, request, session.gave_to_thread)
    return finished(program, request, session)


def finished(program: torch.export.ExportedProgram, request: Request, session: Session) -> torch.export.ExportedProgram:
    """What every trace ends with, once the fake mode is torch's own again."""
    session.kernels.profiles = profiles_of(program, session.kernels.answered)
    guard_ops(program, session.kernels.answered)
    if not request.options.get("pre_dispatch", True):
        with unsafe_generate_fake_kernels(session.kernels.profiles):
            program = lowered(program)
    mend(program)
    write_inner_graphs(program.graph_module)
    return program


@contextmanager
def _hooks(
    mod: torch.nn.Module, session: Session, snapshot: Snapshot, drop_export_hook: Callable[[], None]
) -> Iterator[None]:
    """Sees the state the model's forward starts from, what it returns before export flattens it, and what it changed.

    Tracing itself swaps parameters before forward runs, and modules such as `LSTM` keep lists of them: only what
    changed between the two hooks is the model's doing.
    """
    entry = Snapshot()
    random_states: list[RandomStates] = []
    running = ExitStack()
    containers = GivenContainers({})
    calls = 0  # an island around the whole model calls it once more

    def begin(_module: Any, args: Any, kwargs: Any) -> None:
        nonlocal calls, containers
        calls += 1
        if calls > 1:
            return
        containers = GivenContainers(given_to(mod, args, kwargs))
        running.enter_context(model_called_from(sys._getframe(1)))
        entry.modules = Snapshot.modules_of(mod)
        random_states[:] = [RandomStates(snapshot.random_generators)]
        running.enter_context(session.seeded.watched(snapshot))
        drop_export_hook()

    def finish(_module: Any, _args: Any, output: Any) -> Any:
        nonlocal calls
        calls -= 1
        if calls:
            return output
        running.close()
        session.lent.settle_all()
        output = registered_output(session, drained(output), type(mod).forward)
        output = session.replaced.write_back(mod, session, entry, output)
        tell_effects(mod, session, snapshot, entry, random_states[0])
        tell_changed_inputs(mod, session, containers)
        entry.restore_attributes()
        return with_a_leaf(held_in_structure(output))

    handles = [mod.register_forward_pre_hook(begin, prepend=True, with_kwargs=True), mod.register_forward_hook(finish)]
    try:
        yield
    finally:
        running.close()
        for handle in handles:
            handle.remove()
