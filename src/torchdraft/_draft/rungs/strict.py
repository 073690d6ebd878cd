"""One trace of the model through Dynamo (`strict=True`), with everything it patches undone afterwards.

Dynamo interprets the model's bytecode on the session's fake tensors. A guard on data is answered from the tape, as in a
trace without Dynamo, and Dynamo writes the assertion into its graph. Export then traces the operations of that graph.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import ExitStack
from functools import reduce
from typing import Any

import torch

from torchdraft._draft.finish.pipeline import finish
from torchdraft._draft.prepare.constant_inputs import constant_inputs
from torchdraft._draft.state.describe import describe_value
from torchdraft._draft.state.module_states import MISSING
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._draft.tracing.fake_mode import DraftMode
from torchdraft._draft.tracing.request import Request
from torchdraft._stack.user_stack import here
from torchdraft._torch.dynamo import failure_reason, failure_stack
from torchdraft._torch.graph.nodes import has_transform_steps
from torchdraft._torch.patches.tracers.dynamo import SideEffect
from torchdraft._torch.patches.tracers.export_pipeline import export
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import STRICT
from torchdraft._torch.script_objects import private_objects, with_copied_objects
from torchdraft._torch.symbolic.shapes import narrow_to_guards
from torchdraft.model.events import AttributeWritten, Event, ImpureCall, OutsideStateWritten, StrictFellBack

from .failures import describe, user_frames
from .lost_tensors import raise_if_tensors_lost
from .scope import attempt_scope, conclude
from .session import Session
from .strict_names import inputs_named


def trace_strict(request: Request, session: Session, snapshot: Snapshot) -> torch.export.ExportedProgram:
    """Traces the model through Dynamo with the session's fake mode in Dynamo's place. Raises what the trace raised."""
    if no_inputs := constant_inputs((request.args, dict(request.kwargs))):
        raise TypeError(f"no program takes a {type(no_inputs[0]).__qualname__} as an input")
    effects: dict[str, SideEffect] = {}
    options = {**request.options, "pre_dispatch": True}
    with ExitStack() as stack:
        stack.enter_context(attempt_scope(request, session, snapshot))
        patches_of_dynamo = applied(
            STRICT,
            mode_class=DraftMode,
            dynamo_mode=session.dynamo_mode,
            interpreted_code=type(os.environ).__getitem__.__code__,
            on_interpreted_call=environment_reads_reported(session.context),
            on_side_effect=lambda effect: effects.update({effect.source: effect}),
            on_surrogate_outputs=session.context.record_surrogate_outputs,
        )
        stack.enter_context(patches_of_dynamo)
        stack.enter_context(private_objects(request.mod))  # Dynamo leaves fake tensors in them
        args, kwargs = with_copied_objects((request.args, dict(request.kwargs)))
        program = export(request.mod, args, kwargs, mode=None, strict=True, **options)
        if program.example_inputs is not None and args is not request.args:
            program._example_inputs = (request.args, dict(request.kwargs))
        narrow_to_guards(program, session.env)
        with inputs_named(request, session.context):
            conclude(request, session)
    raise_if_tensors_lost(program, request)
    if has_transform_steps(program.graph):
        raise RuntimeError("export cannot keep what Dynamo makes of a torch.func transform")
    for effect in effects.values():
        session.context.log.extend(_written(request.mod, effect))
    return finish(program, request, session.kernels, session.runs, session.resolved(), session.context.log)


def fell_back(error: BaseException) -> StrictFellBack:
    """The event of a trace through Dynamo that raised `error`."""
    stack = error.stack if isinstance(error, BufferDropped) else failure_stack(error)
    reason = f"{type(error).__name__}: {failure_reason(error)}" if stack else describe(error)
    return StrictFellBack(stack=stack or user_frames(error), exception=reason)


def environment_reads_reported(context: TraceContext) -> Callable[[tuple[Any, ...]], None]:
    """Emits an event for each environment variable that the model reads: Dynamo interprets `os.environ.__getitem__`
    instead of calling the patched one.
    """

    def tell(args: tuple[Any, ...]) -> None:
        place = here()
        if place["stack"] and len(args) > 1:
            context.log.emit(ImpureCall(what=f"os.environ[{args[1]!r}]", absent=args[1] not in os.environ, **place))

    return tell


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
        before = describe_value(_attribute(mod, path))
        return [AttributeWritten(stack=effect.stack, name=path, before=before, after="(changed)", kept=False)]
    events: list[Event] = []
    for attribute, after in effect.attributes.items():
        name = f"{path}.{attribute}" if path else attribute
        before = describe_value(_attribute(mod, name))
        events.append(
            AttributeWritten(stack=effect.stack, name=name, before=before, after=describe_value(after), kept=False)
        )
    return events


def _attribute(mod: torch.nn.Module, path: str) -> Any:
    return reduce(lambda owner, name: getattr(owner, name, MISSING), path.split("."), mod)


def _outside(source: str) -> str:
    """`G['history']` and `__import_package_dot_module.history` as Python writes them."""
    return re.sub(r"^[GL]\['([^']+)'\]", r"\1", source).removeprefix("__import_").replace("_dot_", ".")
