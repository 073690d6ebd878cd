"""An attribute that stands in for another for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    """In this block `owner.name` is `value`; after it, what it was."""
    own = getattr(owner, name)
    if isinstance(owner, type):
        own = vars(owner).get(name, own)  # a class method itself, not what it is bound to
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, own)
