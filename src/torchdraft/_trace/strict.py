"""Strict tracing through Dynamo, and the fall back where it gives up.

Dynamo interprets the model's bytecode over the session's fake tensors, so that a guard on data is answered from the
tape as it is without Dynamo, and Dynamo writes the assertion into its graph. That graph's ops are then traced as a
model's.
"""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager, ExitStack
from functools import reduce
from typing import TYPE_CHECKING, Any

import torch

from .._torch.dispatch import modes_put_back
from .._torch.dynamo import (
    SideEffect,
    assertions_written,
    calls_interpreted_told,
    dynamo_adopts,
    reason_it_gave_up,
    side_effects_told,
    stack_where_it_gave_up,
)
from .._torch.export import export
from .._torch.fake import higher_order_rules
from .._torch.functorch import has_transform_steps
from .._torch.shapes import clean_dynamic_markers, narrow_to_guards
from .attempt import Request, finished
from .dimensions import judge_dimensions
from .effects import shown, tell_inputs_and_weights
from .events import AttributeWritten, Event, ImpureCall, OutsideStateWritten, StrictFellBack
from .flat_names import own_names
from .kept import kept
from .ladder import describe, forget, user_frames
from .mode import DraftMode
from .session import Session
from .snapshot import MISSING, Snapshot
from .stacks import here
from .untraced import raise_if_untraced

if TYPE_CHECKING:
    from .._draft import Draft


def trace_strictly(draft: Draft) -> torch.export.ExportedProgram | None:
    """A program traced by Dynamo, or None (and an event that says why) where it could not."""
    session = Session(budget=draft.budget, trusted_ops=draft.trusted_ops)
    try:
        with draft.phases("trace"):
            program = attempt_strictly(draft.request, session, draft.snapshot)
    except Exception as error:
        stack = error.stack if isinstance(error, BufferDropped) else stack_where_it_gave_up(error)
        reason = f"{type(error).__name__}: {reason_it_gave_up(error)}" if stack else describe(error)
        draft.events.append(StrictFellBack(stack=stack or user_frames(error), exception=reason))
        forget(error)
        draft.run_model()
        return None
    draft.session = session
    return program


def attempt_strictly(request: Request, session: Session, snapshot: Snapshot) -> torch.export.ExportedProgram:
    """Traces the model through Dynamo with the session's fake mode in Dynamo's place. Raises what the trace raised."""
    if no_inputs := kept((request.args, dict(request.kwargs))):
        raise TypeError(f"no program takes a {type(no_inputs[0]).__qualname__} as an input")
    effects: dict[str, SideEffect] = {}
    options = {**request.options, "pre_dispatch": True}
    session.own_tensors = [*request.tensors(), *request.mod.parameters(), *request.mod.buffers()]
    with ExitStack() as stack:
        stack.callback(session.close)
        stack.callback(snapshot.restore_modules)
        stack.callback(clean_dynamic_markers, request.tensors())
        stack.enter_context(modes_put_back())
        stack.enter_context(higher_order_rules(DraftMode, session.made_by))
        stack.enter_context(dynamo_adopts(session.dynamo_mode))
        stack.enter_context(assertions_written())
        stack.enter_context(side_effects_told(lambda effect: effects.update({effect.source: effect})))
        stack.enter_context(environment_told(session))
        program = export(request.mod, request.args, request.kwargs, mode=None, strict=True, **options)
        narrow_to_guards(program, session.env)
        with own_names(request, session):
            session.dimensions, found, session.new_dynamic_shapes = judge_dimensions(request, session)
            tell_inputs_and_weights(request, session)
        session.events.extend(found)
    raise_if_untraced(program, request)
    if has_transform_steps(program.graph):
        raise RuntimeError("export cannot keep what Dynamo makes of a torch.func transform")
    for effect in effects.values():
        session.events.extend(_written(request.mod, effect))
    return finished(program, request, session)


def environment_told(session: Session) -> AbstractContextManager[None]:
    """Emits an event for each variable of the environment that the model reads: Dynamo interprets what would do it."""

    def tell(args: tuple[Any, ...]) -> None:
        place = here(2)
        if place["stack"] and len(args) > 1:
            session.emit(ImpureCall(what=f"os.environ[{args[1]!r}]", absent=args[1] not in os.environ, **place))

    return calls_interpreted_told(type(os.environ).__getitem__.__code__, tell)


class BufferDropped(RuntimeError):
    """The model assigns a buffer. Strict export drops that, where non-strict export keeps it in the graph."""

    def __init__(self, effect: SideEffect) -> None:
        super().__init__("Dynamo drops the assignment of a buffer, which a trace without it keeps")
        self.stack = effect.stack


_MODEL = re.compile(r"L\['self'\](?:\._modules\['_export_root'\]|\._export_root)?")
"""Dynamo traces a wrapper around the model."""


def _written(mod: torch.nn.Module, effect: SideEffect) -> list[Event]:
    """What a write outside of the graph is to the model: an attribute of its own, or somebody else's state."""
    root = _MODEL.match(effect.source)
    if root is None:
        return [OutsideStateWritten(stack=effect.stack, name=_outside(effect.source))]
    if effect.source.endswith("._buffers"):
        raise BufferDropped(effect)
    path = re.sub(r"\._modules\['([^']+)'\]", r".\1", effect.source[root.end() :]).removeprefix(".")
    if not effect.attributes:
        before = shown(_attribute(mod, path))
        return [AttributeWritten(stack=effect.stack, name=path, before=before, after="(changed)", kept=False)]
    events: list[Event] = []
    for attribute, after in effect.attributes.items():
        name = f"{path}.{attribute}" if path else attribute
        before = shown(_attribute(mod, name))
        events.append(AttributeWritten(stack=effect.stack, name=name, before=before, after=shown(after), kept=False))
    return events


def _attribute(mod: torch.nn.Module, path: str) -> Any:
    return reduce(lambda owner, name: getattr(owner, name, MISSING), path.split("."), mod)


def _outside(source: str) -> str:
    """`G['history']` and `__import_package_dot_module.history` as Python writes them."""
    return re.sub(r"^[GL]\['([^']+)'\]", r"\1", source).removeprefix("__import_").replace("_dot_", ".")
