"""Patches of `torch.nn.Module` and its subclasses: conversions, attribute writes, global hooks, lists of weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import patches, temporary
from torchdraft._torch.patching.scopes import TRACE, VERIFY
from torchdraft._torch.probe import need

_hooks: Any = need("torch.nn.modules.module:_global_buffer_registration_hooks")
_RNNBase: Any = need("torch.nn.modules.rnn:RNNBase")


class BufferHooks:
    """The global buffer registration hooks that were registered since this object was made."""

    def __init__(self) -> None:
        self._before = set(_hooks)

    def drop(self) -> None:
        """Removes them."""
        for key in [key for key in _hooks if key not in self._before]:
            del _hooks[key]


@temporary(
    "torch.nn.modules.module:_global_buffer_registration_hooks",
    scope=TRACE,
    why="Export's hook stores the node of each buffer that the outermost module assigns, and copies it into the buffer "
    "after the trace, whatever its size. The hook raises for real tensors, and stays registered when a trace fails.",
)
def buffer_hooks_dropped(changes: Changes, buffer_hooks: BufferHooks) -> None:
    """Removes the hooks that an attempt registered. `buffer_hooks.drop` removes them earlier."""
    changes.afterwards(buffer_hooks.drop)


@patches(
    "torch.nn:Module._apply",
    scope=TRACE,
    why="`module.to(dtype)` assigns the same data to the same parameters in eager. A trace computes each parameter "
    'anew and cannot assign a fake tensor to it ("Couldn\'t swap").',
)
def idle_conversions_skipped(original: Any) -> Any:
    """Returns the module unchanged where a conversion would change no tensor of it."""

    def _apply(self: torch.nn.Module, fn: Any, *args: Any, **kwargs: Any) -> torch.nn.Module:
        tensors = [*self.parameters(), *self.buffers()]
        return self if all(_unchanged_by(fn, tensor) for tensor in tensors) else original(self, fn, *args, **kwargs)

    return _apply


def _unchanged_by(fn: Any, tensor: torch.Tensor) -> bool:
    """Whether `fn` returns a tensor of this dtype and device unchanged; tested on an empty tensor."""
    with outside_modes():
        empty = torch.empty((0,) * tensor.dim(), dtype=tensor.dtype, device=tensor.device)
        try:
            return fn(empty) is empty
        except Exception:
            return False


@patches(
    "torch.nn:Module.__setattr__",
    scope=TRACE,
    why="An attribute that the model assigns in `forward` is reported with the line that assigns it.",
)
def attribute_writes_reported(original: Any, on_attribute_write: Callable[[Any, str], None]) -> Any:
    """Calls `on_attribute_write(module, name)` before each assignment to an attribute of a module."""

    def set_attribute(self: Any, name: str, value: Any) -> None:
        on_attribute_write(self, name)
        original(self, name, value)

    return set_attribute


@temporary(
    "torch.nn.modules.rnn:RNNBase",
    scope=VERIFY,
    why="Recurrent modules compute with `_flat_weights`, a list of their own, which does not change when the entries "
    "of `_parameters` are replaced by copies.",
)
def recurrent_weights_listed(changes: Changes, module: torch.nn.Module) -> None:
    """Fills `_flat_weights` of the module's recurrent submodules from their parameters."""
    for each in [m for m in module.modules() if isinstance(m, _RNNBase)]:
        weights = [getattr(each, name, None) for name in each._flat_weights_names]
        changes.attribute(each, "_flat_weights", weights)
