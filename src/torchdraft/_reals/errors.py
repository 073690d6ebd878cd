"""What the tape says when it cannot answer."""

from __future__ import annotations


class NoRealValue(RuntimeError):
    """A real value was demanded that the tape cannot compute; the message says which op stands in the way."""
