"""The ladder: symbolic tracing of everything, then islands around what breaks it, then one island around the model, and
last the model's result on the example.

A rung that fails is traced again from the top with one more island. The submodule to blame is the innermost one whose
`forward` the exception passed through; every module of the same class becomes an island with it, so that a stack of
layers costs one more trace and not one per layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import torch

from torchdraft._draft.tracing.shape_env import TooManySymbols
from torchdraft._source.definitions import parameter
from torchdraft._stack.user_stack import is_framework
from torchdraft._torch.dynamo import interpreted
from torchdraft.model.events import Event, FellBack, Frame, ResultFrozen

from .lost_tensors import LostTensor


@dataclass(slots=True)
class Islands:
    """Which modules are recorded from a real run instead of being traced. Names are dotted, "" is the model."""

    names: dict[str, FellBack] = field(default_factory=dict)
    frozen: ResultFrozen | None = None
    """Why the model's result on the example is all there is, where it came to that."""

    def add(self, mod: torch.nn.Module, name: str, error: BaseException) -> None:
        """Makes `name` an island, and with it every module of its class."""
        modules = dict(mod.named_modules())
        blamed = type(modules[name])
        rung = "concrete" if name == "" else "island"
        stack = user_frames(error)
        if isinstance(error, LostTensor):
            stack = error.stack or stack or parameter(blamed.forward)
        event = FellBack(stack=stack, module=name, rung=rung, exception=describe(error))  # type: ignore[arg-type]
        for other, module in modules.items():
            if other == name or (name and type(module) is blamed and other):
                self.names.setdefault(other, event)

    @property
    def rung(self) -> str:
        """The lowest rung in use."""
        if self.frozen is not None:
            return "frozen"
        if "" in self.names:
            return "concrete"
        return "island" if self.names else "symbolic"

    def depends_on(self, unasserted: tuple[str, ...]) -> None:
        """The frozen result depends on these, and nothing asserts them."""
        assert self.frozen is not None
        self.frozen = replace(self.frozen, unasserted=tuple(dict.fromkeys(unasserted)))

    def events(self) -> list[Event]:
        """What the report tells of the rungs below the first."""
        fell = [event for event in self.names.values() if self.frozen is None or event.rung != "concrete"]
        return [*fell, *([] if self.frozen is None else [self.frozen])]

    def outermost(self) -> list[str]:
        """Islands that lie in no other island."""
        return [n for n in self.names if not any(n != o and (o == "" or n.startswith(o + ".")) for o in self.names)]


def climb_down(islands: Islands, mod: torch.nn.Module, error: BaseException, *, whole: bool = False) -> bool:
    """Takes the next rung after `error`. False where there is none below."""
    if islands.frozen is not None:
        return False
    if "" in islands.names:
        islands.frozen = ResultFrozen(stack=user_frames(error), exception=describe(error))
        return True
    blamed = "" if whole or isinstance(error, TooManySymbols) else innermost_module(mod, error)
    modules = dict(mod.named_modules())
    while blamed != "" and (blamed in islands.names or not _is_called(modules[blamed])):
        blamed = blamed.rpartition(".")[0]
    if len({id(e) for e in islands.names.values()}) >= MOST_ISLANDS:
        blamed = ""
    islands.add(mod, blamed, error)
    return True


def _is_called(module: torch.nn.Module) -> bool:
    """Whether a module has a `forward`; lists and dictionaries of modules have none."""
    return getattr(type(module).forward, "__name__", "") != "_forward_unimplemented"


MOST_ISLANDS = 6
"""Different causes for islands after which the whole model is recorded: each costs another trace."""


def innermost_module(mod: torch.nn.Module, error: BaseException) -> str:
    """Dotted name of the innermost submodule whose call `error` passed through; "" for the model itself.

    A module that is merely worked on (`self.gate.to(dtype)`) is not called. Modules are told apart by their attribute
    dictionaries: tracing wraps them in proxies that share it.
    """
    if isinstance(error, LostTensor):
        return error.module if error.module in dict(mod.named_modules()) else ""
    known = {id(m.__dict__): name for name, m in mod.named_modules()}
    found = ""
    for frame in _frames(error):
        if frame.f_code.co_name not in _CALLS:
            continue
        owner = frame.f_locals.get("self")
        if isinstance(owner, torch.nn.Module):
            name = known.get(id(owner.__dict__))
            if name is not None and (name.startswith(found + ".") or found == "" or found == name):
                found = name
    return found


_CALLS = ("forward", "_wrapped_call_impl", "_call_impl")


def _frames(error: BaseException) -> list[Any]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return frames


def raised_by_model(error: BaseException) -> bool:
    """Whether the model's own code raised `error`. It runs eagerly, so it saw something that it does not see there."""
    frames = _frames(error)
    return bool(frames) and not is_framework(frames[-1].f_code)


def user_frames(error: BaseException) -> tuple[Frame, ...]:
    """The user's frames of an exception's traceback, outermost first."""
    found: list[Frame] = []
    trace = error.__traceback__
    while trace is not None:
        seen = interpreted(trace.tb_frame) or (trace.tb_frame.f_code, trace.tb_lineno, trace.tb_lasti)
        if not is_framework(seen[0]):
            found.append(seen)
        trace = trace.tb_next
    return tuple(found)


def describe(error: BaseException) -> str:
    """Type and first line of an exception's message."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def release_traceback(error: BaseException) -> None:
    """Lets go of what a failed trace holds through its traceback: fakes, tapes, real tensors."""
    seen: BaseException | None = error
    while seen is not None:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__
