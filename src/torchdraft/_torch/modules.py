"""What `torch.nn.Module` and its subclasses keep besides their tables: global hooks, lists of weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .probe import need

_hooks: Any = need("torch.nn.modules.module:_global_buffer_registration_hooks")
_RNNBase: Any = need("torch.nn.modules.rnn:RNNBase")


@contextmanager
def without_buffer_hooks() -> Iterator[None]:
    """No hook hears of buffers being assigned."""
    kept = dict(_hooks)
    _hooks.clear()
    try:
        yield
    finally:
        _hooks.update(kept)


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
