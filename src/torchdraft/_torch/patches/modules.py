"""What `torch.nn.Module` and its subclasses keep besides their tables: global hooks, lists of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.probe import need

from .registry import patched

need("torch.nn:Module._apply")
_hooks: Any = need("torch.nn.modules.module:_global_buffer_registration_hooks")
_RNNBase: Any = need("torch.nn.modules.rnn:RNNBase")


@contextmanager
def own_buffer_hooks() -> Iterator[Callable[[], None]]:
    """Yields what takes off the hooks registered since, which also happens at the end.

    Export's hook keeps the node of each buffer the outermost module assigns, and copies it into the buffer after the
    trace, whatever its size. It refuses real tensors, and stays behind when a trace fails.
    """
    own = set(_hooks)

    def take_off() -> None:
        for key in [key for key in _hooks if key not in own]:
            del _hooks[key]

    try:
        yield take_off
    finally:
        take_off()


@contextmanager
def idle_conversions_skipped() -> Iterator[None]:
    """`module.to(dtype)` and its like leave a module alone that is as they would make it.

    Eager puts the same data into the same parameters again. A trace computes each parameter anew and cannot put a fake
    tensor in its place ("Couldn't swap").
    """
    own = torch.nn.Module._apply

    def _apply(self: torch.nn.Module, fn: Any, *args: Any, **kwargs: Any) -> torch.nn.Module:
        tensors = [*self.parameters(), *self.buffers()]
        return self if all(_leaves_alone(fn, tensor) for tensor in tensors) else own(self, fn, *args, **kwargs)

    with patched(torch.nn.Module, "_apply", _apply):
        yield


def _leaves_alone(fn: Any, tensor: torch.Tensor) -> bool:
    """Whether `fn` returns a tensor of this dtype and device as it is; found out on one without data."""
    with outside_modes():
        empty = torch.empty((0,) * tensor.dim(), dtype=tensor.dtype, device=tensor.device)
        try:
            return fn(empty) is empty
        except Exception:
            return False


@contextmanager
def recurrent_weights_listed(module: Any) -> Iterator[None]:
    """Recurrent modules compute with a list of their weights of their own; inside, it holds those of the table."""
    found = [m for m in module.modules() if isinstance(m, _RNNBase)]
    own = [m._flat_weights for m in found]
    for each in found:
        each._flat_weights = [getattr(each, name, None) for name in each._flat_weights_names]
    try:
        yield
    finally:
        for each, weights in zip(found, own, strict=True):
            each._flat_weights = weights


@contextmanager
def attribute_writes_reported(tell: Callable[[Any, str], None]) -> Iterator[None]:
    """Calls `tell(module, name)` before every assignment to an attribute of a module."""
    own = torch.nn.Module.__setattr__

    def set_attribute(self: Any, name: str, value: Any) -> None:
        tell(self, name)
        own(self, name, value)

    with patched(torch.nn.Module, "__setattr__", set_attribute):
        yield
