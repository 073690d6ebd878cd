"""Global hooks of `torch.nn.Module` that export installs while it traces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .probe import need

_hooks: Any = need("torch.nn.modules.module:_global_buffer_registration_hooks")


@contextmanager
def without_buffer_hooks() -> Iterator[None]:
    """No hook hears of buffers being assigned."""
    kept = dict(_hooks)
    _hooks.clear()
    try:
        yield
    finally:
        _hooks.update(kept)
