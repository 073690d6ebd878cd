"""What a model's forward leaves behind, told: attributes, globals and closures, random states."""

from __future__ import annotations

from dataclasses import replace
from types import CodeType
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.state.containers import is_plain
from torchdraft._draft.state.describe import describe_value
from torchdraft._draft.state.namespaces import Change, NamespaceState, change
from torchdraft._draft.state.snapshot import MISSING, Snapshot
from torchdraft._source.definitions import mentioning, parameter, writes_to, writing
from torchdraft._source.functions import plain_function
from torchdraft._source.input_names import in_caller_terms, root_of
from torchdraft._stack.user_stack import is_framework
from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.provenance import depends_on
from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.tensors.nested import storage_key
from torchdraft.model.events import AttributeWritten, Frame, ImpureCall, InputMutated, OutsideStateWritten, StandIn

from .written_back import is_written_back

if TYPE_CHECKING:
    from torchdraft._draft.state.input_containers import InputContainers
    from torchdraft._draft.state.rng_states import RandomStates
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.request import Request

    from .trace_effects import TraceEffects


def report_effects(
    mod: torch.nn.Module, effects: TraceEffects, snapshot: Snapshot, entry: Snapshot, random_states: RandomStates
) -> None:
    """Emits an event for each thing that is another one than when forward began (`entry`) or the draft (`snapshot`)."""
    context = effects.context
    for name, before, after in entry.changed_attributes():
        written = attribute_written(mod, effects, name, before, after, kept=False)
        anew = rebuilt_each_call(context, name, before, after)
        context.log.emit(replace(written, same_each_time=anew))
        if not anew:
            _note_written(effects, name, after)
    for name, had, has in entry.changed_hooks():
        context.log.emit(_hooks_changed(mod, snapshot, name, had, has))
        effects.residual.hooks[name] = has
    if snapshot.outside is not None:
        for left in snapshot.outside.changed():
            stack = snapshot.outside.where_written(left) or parameter(type(mod).forward)
            context.log.emit(OutsideStateWritten(stack=stack, name=left.name, same_each_time=_made_anew(context, left)))
            if left.left is not None:
                effects.residual.values[left.name] = left.left
        _tell_outside_tensors(mod, context, snapshot.outside)
    for name in snapshot.changed_hidden():
        context.log.emit(OutsideStateWritten(stack=parameter(type(mod).forward), name=name))
    told = {e.what.rpartition(".")[0] for e in context.log if isinstance(e, ImpureCall)}
    for what in random_states.moved():
        if what not in told:
            context.log.emit(ImpureCall(stack=parameter(type(mod).forward), what=what))
    for name in random_states.moved_of_held():
        context.log.emit(ImpureCall(stack=_where_named(mod, snapshot, name), what=name))


def _tell_outside_tensors(mod: torch.nn.Module, context: TraceContext, outside: NamespaceState) -> None:
    """Tensors around the model that operations of the trace wrote to."""
    for outsider in outside.tensors:
        cell = context.tape.sources.get(storage_key(outsider.memory))
        if cell is not None and cell.version.origin is not None:
            stack = context.user.first_writes.get(id(cell)) or parameter(type(mod).forward)
            context.log.emit(OutsideStateWritten(stack=stack, name=outsider.name))


def _note_written(effects: TraceEffects, name: str, after: Any) -> None:
    """Remembers what an attribute came to hold, where a second trace can start from that."""
    context, residual = effects.context, effects.residual
    if is_plain(after):
        residual.attributes[name] = after
    elif isinstance(after, torch.SymInt) and (size := after.node.hint) is not None:
        residual.attributes[name] = int(size)
        residual.symbolic_sizes[name] = str(after.node.expr)
    elif isinstance(after, torch.Tensor) and not depends_on(context.tape, [after], context.input_cells()):
        if any(isinstance(weight, FakeTensor) for weight in context.user.tensors):
            return  # without data: a value would have to be stood in for
        try:
            with outside_modes():
                table = context.reals.tensor(after).detach().clone()
        except NoRealValue:
            return
        residual.attributes[name] = residual.constant_tensors[name] = table


def hooks_of(module: str) -> str:
    """What an issue calls the hooks of a module."""
    return f"{module}._forward_hooks".lstrip(".")


def _hooks_changed(
    mod: torch.nn.Module, snapshot: Snapshot, name: str, before: dict[str, Any], after: dict[str, Any]
) -> AttributeWritten:
    had, has = ({**tables["_forward_hooks"], **tables["_forward_pre_hooks"]} for tables in (before, after))
    new = [hook for key, hook in has.items() if key not in had]
    codes = _codes_named(snapshot, _REGISTERING if new else _REMOVING)
    if new and (code := getattr(plain_function(new[0]), "__code__", None)) is not None:
        codes = [c for c in codes if c.co_filename == code.co_filename]  # many a file registers hooks
    calls = (writing(codes, mentioning(word)) for word in (_REGISTERING if new else _REMOVING))
    stack = next(filter(None, calls), ()) or parameter(new[0] if new else type(mod).forward)
    told = [f"{len(hooks)} hook{'' if len(hooks) == 1 else 's'}" for hooks in (had, has)]
    after_words = f"{told[1]}, others" if len(had) == len(has) else told[1]
    return AttributeWritten(
        stack=stack, module=name, name=hooks_of(name), before=told[0], after=after_words, kept=False
    )


_REGISTERING = ("register_forward_hook", "register_forward_pre_hook")
_REMOVING = ("remove",)


def _codes_named(snapshot: Snapshot, names: tuple[str, ...]) -> list[CodeType]:
    """The model's code that names one of these, but for what makes objects."""
    codes = snapshot.outside.reach.codes() if snapshot.outside else ()
    return [c for c in codes if not {*names}.isdisjoint(c.co_names) and c.co_name != "__init__"]


def _where_named(mod: torch.nn.Module, snapshot: Snapshot, name: str) -> tuple[Frame, ...]:
    """The first line of the model's code that names what is called so."""
    leaf = name.rpartition(".")[2]
    return writing(_codes_named(snapshot, (leaf,)), mentioning(leaf)) or parameter(type(mod).forward)


def attribute_written(
    mod: torch.nn.Module, effects: TraceEffects, name: str, before: Any, after: Any, *, kept: bool
) -> AttributeWritten:
    """The event of an assignment, at the line that made it."""
    owner, _, leaf = name.rpartition(".")
    stack = (
        effects.attribute_writes.line_of(mod.get_submodule(owner), leaf)
        or where_written(mod, name)
        or parameter(type(mod).forward)
    )
    return AttributeWritten(
        stack=stack, module=owner, name=name, before=describe_value(before), after=describe_value(after), kept=kept
    )


def rebuilt_each_call(context: TraceContext, name: str, before: Any, after: Any) -> bool:
    """Whether all that an attribute came to hold is tensors that every call makes anew."""
    return _made_anew(context, change(name, None if before is MISSING else before, after))


def _made_anew(context: TraceContext, left: Change) -> bool:
    """Whether all that was left is tensors that every call makes anew: nobody misses them."""
    return left.only_added and not depends_on(context.tape, left.tensors, context.input_cells())


def report_changed_inputs(mod: torch.nn.Module, context: TraceContext, containers: InputContainers) -> None:
    """Events for containers and objects among the inputs that hold other things now."""
    for name in containers.changed():
        stack = parameter(type(mod).forward, name)
        context.log.emit(InputMutated(stack=stack, name=name, kept=False, holds_others=True))


def report_mutated_inputs(request: Request, context: TraceContext) -> None:
    """Events for inputs the model wrote to, and for weights without data whose stand-in answered a demand."""
    for tracked in context.shape_env.tracked_fakes or ():
        fake = tracked.fake
        handle = context.tape.handle(fake) if isinstance(fake, torch.Tensor) else None
        if handle is None:
            continue
        moved = is_written_back(context.user, fake)
        if moved is not None or handle.cell.version.origin is not None:
            name = in_caller_terms(tracked.source.name)
            stack = context.user.first_writes.get(id(handle.cell)) or parameter(
                type(request.mod).forward, root_of(name)
            )
            context.log.emit(InputMutated(stack=stack, name=name, kept=moved is not False))
    weights = {id(t): n for n, t in (*request.mod.named_parameters(), *request.mod.named_buffers())}
    for number, weight in enumerate(context.reals.surrogates):
        name, seed = weights.get(weight, "an input"), context.reals.surrogate_seed + number
        context.log.emit(StandIn(name=name, seed=seed, **context.user.surrogate_locations.get(weight, {})))


def where_written(mod: torch.nn.Module, name: str) -> tuple[Frame, ...]:
    """The line of the owner's class that writes the attribute; the first one if several do."""
    path, _, leaf = name.rpartition(".")
    codes = []
    for cls in type(mod.get_submodule(path)).__mro__:
        found = (plain_function(member) for member in vars(cls).values())
        codes += [f.__code__ for f in found if f is not None and f.__name__ != "__init__"]
    theirs = [code for code in codes if leaf in (*code.co_names, *code.co_consts) and not is_framework(code)]
    return writing(theirs, writes_to(leaf)) or writing(theirs, mentioning(leaf))
