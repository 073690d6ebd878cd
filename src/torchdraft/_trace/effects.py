"""What a model's forward leaves behind, told: attributes, globals and closures, random states."""

from __future__ import annotations

from dataclasses import replace
from types import CodeType
from typing import TYPE_CHECKING, Any

import torch

from .._reals.errors import NoRealValue
from .._reals.provenance import depends_on
from .._reals.tape import storage_key
from .._torch.dispatch import outside_modes
from .._torch.fake import FakeTensor
from .containers import Inner, is_plain
from .events import AttributeWritten, Frame, ImpureCall, InputMutated, OutsideStateWritten, StandIn
from .outside import Change, OutsideState, change
from .places import mentioning, parameter, writes_to, writing
from .reach import plain_function
from .snapshot import MISSING, Snapshot
from .sources import in_callers_terms, root_of
from .stacks import is_framework

if TYPE_CHECKING:
    from .attempt import Request
    from .given import GivenContainers
    from .impure import RandomStates
    from .session import Session


def tell_effects(
    mod: torch.nn.Module, session: Session, snapshot: Snapshot, entry: Snapshot, random_states: RandomStates
) -> None:
    """Emits an event for each thing that is another one than when forward began (`entry`) or the draft (`snapshot`)."""
    for name, before, after in entry.changed_attributes():
        written = attribute_written(mod, session, name, before, after, kept=False)
        anew = made_anew(session, name, before, after)
        session.emit(replace(written, same_each_time=anew))
        if not anew:
            _note_written(session, name, after)
    for name, had, has in entry.changed_hooks():
        session.emit(_hooks_changed(mod, snapshot, name, had, has))
        session.hooks_left[name] = has
    if snapshot.outside is not None:
        for left in snapshot.outside.changed():
            stack = snapshot.outside.where_written(left) or parameter(type(mod).forward)
            session.emit(OutsideStateWritten(stack=stack, name=left.name, same_each_time=_made_anew(session, left)))
            if left.left is not None:
                session.plain_left[left.name] = left.left
        _tell_outside_tensors(mod, session, snapshot.outside)
    for name in snapshot.changed_hidden():
        session.emit(OutsideStateWritten(stack=parameter(type(mod).forward), name=name))
    told = {e.what.rpartition(".")[0] for e in session.events if isinstance(e, ImpureCall)}
    for what in random_states.moved():
        if what not in told:
            session.emit(ImpureCall(stack=parameter(type(mod).forward), what=what))
    for name in random_states.moved_of_held():
        session.emit(ImpureCall(stack=_where_named(mod, snapshot, name), what=name))


def _tell_outside_tensors(mod: torch.nn.Module, session: Session, outside: OutsideState) -> None:
    """Tensors around the model that operations of the trace wrote to."""
    for outsider in outside.tensors:
        cell = session.tape.sources.get(storage_key(outsider.memory))
        if cell is not None and cell.version.origin is not None:
            stack = session.first_writes.get(id(cell)) or parameter(type(mod).forward)
            session.emit(OutsideStateWritten(stack=stack, name=outsider.name))


def _note_written(session: Session, name: str, after: Any) -> None:
    """Remembers what an attribute came to hold, where a second trace can start from that."""
    if is_plain(after):
        session.plain_writes[name] = after
    elif isinstance(after, torch.SymInt) and (size := after.node.hint) is not None:
        session.plain_writes[name] = int(size)
        session.sizes_written[name] = str(after.node.expr)
    elif isinstance(after, torch.Tensor) and not depends_on(session.tape, [after], session.input_cells()):
        if any(isinstance(weight, FakeTensor) for weight in session.own_tensors):
            return  # without data: a value would have to be stood in for
        try:
            with outside_modes():
                table = session.reals.tensor(after).detach().clone()
        except NoRealValue:
            return
        session.plain_writes[name] = session.tables_written[name] = table


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
    mod: torch.nn.Module, session: Session, name: str, before: Any, after: Any, *, kept: bool
) -> AttributeWritten:
    """The event of an assignment, at the line that made it."""
    owner, _, leaf = name.rpartition(".")
    key = (id(mod.get_submodule(owner).__dict__), leaf)
    stack = session.attribute_writes.get(key) or where_written(mod, name) or parameter(type(mod).forward)
    return AttributeWritten(stack=stack, module=owner, name=name, before=shown(before), after=shown(after), kept=kept)


def made_anew(session: Session, name: str, before: Any, after: Any) -> bool:
    """Whether all that an attribute came to hold is tensors that every call makes anew."""
    return _made_anew(session, change(name, None if before is MISSING else before, after))


def _made_anew(session: Session, left: Change) -> bool:
    """Whether all that was left is tensors that every call makes anew: nobody misses them."""
    return left.only_added and not depends_on(session.tape, left.tensors, session.input_cells())


def tell_changed_inputs(mod: torch.nn.Module, session: Session, containers: GivenContainers) -> None:
    """Events for containers and objects among the inputs that hold other things now."""
    for name in containers.changed():
        stack = parameter(type(mod).forward, name)
        session.emit(InputMutated(stack=stack, name=name, kept=False, holds_others=True))


def tell_inputs_and_weights(request: Request, session: Session) -> None:
    """Events for inputs the model wrote to, and for weights without data whose stand-in answered a demand."""
    for tracked in session.env.tracked_fakes or ():
        fake = tracked.fake
        handle = session.tape.handle(fake) if isinstance(fake, torch.Tensor) else None
        if handle is None:
            continue
        moved = session.replaced.kept(fake)
        if moved is not None or handle.cell.version.origin is not None:
            name = in_callers_terms(tracked.source.name)
            stack = session.first_writes.get(id(handle.cell)) or parameter(type(request.mod).forward, root_of(name))
            session.emit(InputMutated(stack=stack, name=name, kept=moved is not False))
    weights = {id(t): n for n, t in (*request.mod.named_parameters(), *request.mod.named_buffers())}
    for number, weight in enumerate(session.reals.stand_ins):
        name, seed = weights.get(weight, "an input"), session.reals.stand_in_seed + number
        session.emit(StandIn(name=name, seed=seed, **session.stand_in_places.get(weight, {})))


def where_written(mod: torch.nn.Module, name: str) -> tuple[Frame, ...]:
    """The line of the owner's class that writes the attribute; the first one if several do."""
    path, _, leaf = name.rpartition(".")
    codes = []
    for cls in type(mod.get_submodule(path)).__mro__:
        found = (plain_function(member) for member in vars(cls).values())
        codes += [f.__code__ for f in found if f is not None and f.__name__ != "__init__"]
    theirs = [code for code in codes if leaf in (*code.co_names, *code.co_consts) and not is_framework(code)]
    return writing(theirs, writes_to(leaf)) or writing(theirs, mentioning(leaf))


def shown(value: Any) -> str:
    """A value in words, without reading a tensor's data: that would be a read of the model's."""
    if value is MISSING:
        return "(not set)"
    if isinstance(value, Inner):
        return shown(value.content)
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, (list, tuple, set)):
        first = ", ".join(shown(v) for v in list(value)[:4])
        return f"{type(value).__name__}({first}{', …' if len(value) > 4 else ''})"
    if isinstance(value, dict):
        first = ", ".join(f"{k!r}: {shown(v)}" for k, v in list(value.items())[:4])
        return f"{{{first}{', …' if len(value) > 4 else ''}}}"
    return repr(value)[:120] if isinstance(value, (int, float, bool, str, bytes, type(None))) else type(value).__name__
