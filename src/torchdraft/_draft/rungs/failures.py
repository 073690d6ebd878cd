"""What a failed attempt tells: the module to blame, the user's frames, and whether it is worth the same rung again."""

from __future__ import annotations

from types import FrameType

import torch

from torchdraft._draft.guards.unbacked_shape_env import TooManySymbols
from torchdraft._stack.frame_kinds import is_framework
from torchdraft._torch.dynamo import interpreted_frame
from torchdraft._torch.symbolic.shapes import is_constraint_error
from torchdraft.model.events import Frame

from .lost_tensors import LostTensor
from .plan import Failure


def failure_of(
    error: BaseException, mod: torch.nn.Module, *, asked_for_tracing: bool, gradients: bool = False
) -> Failure:
    """What `error`, which ended an attempt, says. `asked_for_tracing`: the model asked whether it is being traced;
    `gradients`: it computed gradients.
    """
    frames = user_frames(error)
    lost = isinstance(error, LostTensor)
    return Failure(
        exception=describe(error),
        stack=(error.stack or frames) if isinstance(error, LostTensor) else frames,
        module=innermost_module(mod, error),
        whole_model=isinstance(error, TooManySymbols),
        breaks_constraint=is_constraint_error(error),
        model_saw_tracing=asked_for_tracing and raised_by_model(error),
        tensor_lost=lost,
        gradients=gradients,
    )


def difference(text: str, *, asked_for_tracing: bool) -> Failure:
    """A program came out whose result differs from eager on the example as `text` says."""
    return Failure(
        exception=describe(AssertionError(text)),
        whole_model=True,
        differs=True,
        model_saw_tracing=asked_for_tracing,
    )


def innermost_module(mod: torch.nn.Module, error: BaseException) -> str:
    """Dotted name of the innermost submodule whose call `error` passed through; "" for the model itself.

    A module that is only an operand (`self.gate.to(dtype)`) is not called. Modules are recognised by their attribute
    dictionaries, since tracing wraps modules in proxies that share these.
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
"""Methods through which a module is called."""


def raised_by_model(error: BaseException) -> bool:
    """Whether the model's own code raised `error`. It runs eagerly, so the trace showed it something else."""
    frames = _frames(error)
    return bool(frames) and not is_framework(frames[-1].f_code)


def user_frames(error: BaseException) -> tuple[Frame, ...]:
    """The user's frames of an exception's traceback, outermost first."""
    found: list[Frame] = []
    trace = error.__traceback__
    while trace is not None:
        frame = interpreted_frame(trace.tb_frame) or (trace.tb_frame.f_code, trace.tb_lineno, trace.tb_lasti)
        if not is_framework(frame[0]):
            found.append(frame)
        trace = trace.tb_next
    return tuple(found)


def describe(error: BaseException) -> str:
    """Type and first line of an exception's message."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def release_traceback(error: BaseException) -> None:
    """Drops the frames of a failed trace, which hold its fake tensors, tape and real tensors.

    Exceptions can refer to each other in a circle, through `__cause__` and `__context__`.
    """
    released: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in released:
            continue
        released.add(id(each))
        each.__traceback__ = None
        waiting += [each.__cause__, each.__context__]


def _frames(error: BaseException) -> list[FrameType]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return frames
