"""What a model's forward leaves behind, told: attributes, globals and closures, random states."""

from __future__ import annotations

import dis
from typing import TYPE_CHECKING, Any

import torch

from .dimensions import in_callers_terms
from .events import AttributeWritten, Frame, ImpureCall, InputMutated, OutsideStateWritten, StandIn
from .snapshot import MISSING, Snapshot
from .stacks import is_framework

if TYPE_CHECKING:
    from .attempt import Request
    from .impure import RandomStates
    from .session import Session


def tell_effects(
    mod: torch.nn.Module, session: Session, snapshot: Snapshot, entry: Snapshot, random_states: RandomStates
) -> None:
    """Emits an event for each thing that is another one than when forward began (`entry`) or the draft (`snapshot`)."""
    for name, before, after in entry.changed_attributes():
        stack = where_written(mod, name)
        session.emit(AttributeWritten(stack=stack, name=name, before=shown(before), after=shown(after), kept=False))
    if snapshot.outside is not None:
        for name in snapshot.outside.changed():
            session.emit(OutsideStateWritten(name=name))
    told = {e.what.rpartition(".")[0] for e in session.events if isinstance(e, ImpureCall)}
    for what in random_states.moved():
        if what not in told:
            session.emit(ImpureCall(what=what))


def tell_inputs_and_weights(request: Request, session: Session) -> None:
    """Events for inputs the model wrote to, and for weights without data whose stand-in answered a demand."""
    for tracked in session.env.tracked_fakes or ():
        fake = tracked.fake
        handle = session.tape.handle(fake) if isinstance(fake, torch.Tensor) else None
        if handle is None:
            continue
        moved = session.replaced.kept(fake)
        if moved is not None or handle.cell.version.origin is not None:
            session.emit(InputMutated(name=in_callers_terms(tracked.source.name), kept=moved is not False))
    weights = {id(t): n for n, t in (*request.mod.named_parameters(), *request.mod.named_buffers())}
    for number, weight in enumerate(session.reals.stand_ins):
        session.emit(StandIn(name=weights.get(weight, "an input"), seed=session.reals.stand_in_seed + number))


def where_written(mod: torch.nn.Module, name: str) -> tuple[Frame, ...]:
    """The line of the owner's class that assigns the attribute; the first one if several do."""
    path, _, leaf = name.rpartition(".")
    for cls in type(mod.get_submodule(path)).__mro__:
        for function in vars(cls).values():
            code = getattr(function, "__code__", None)
            if code is None or code.co_name == "__init__" or is_framework(code):
                continue
            for instruction in dis.get_instructions(code):
                if instruction.opname == "STORE_ATTR" and instruction.argval == leaf and instruction.positions:
                    return ((code, instruction.positions.lineno or code.co_firstlineno, instruction.offset),)
    return ()


def shown(value: Any) -> str:
    """A value in words, without reading a tensor's data: that would be a read of the model's."""
    if value is MISSING:
        return "(not set)"
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, (list, tuple, set)):
        first = ", ".join(shown(v) for v in list(value)[:4])
        return f"{type(value).__name__}({first}{', …' if len(value) > 4 else ''})"
    if isinstance(value, dict):
        first = ", ".join(f"{k!r}: {shown(v)}" for k, v in list(value.items())[:4])
        return f"{{{first}{', …' if len(value) > 4 else ''}}}"
    return repr(value)[:120] if isinstance(value, (int, float, bool, str, bytes, type(None))) else type(value).__name__
