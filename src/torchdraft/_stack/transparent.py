"""Files whose frames act on behalf of their caller: what such a frame asks, the frame that called it asks.

A module declares itself by `acts_for_caller(__file__)`. Frames are recognised by the file that Python recorded for the
module, not by what the file is called.
"""

from __future__ import annotations

_FILES: set[str] = set()


def acts_for_caller(file: str) -> None:
    """Declares a module, by its `__file__`, as one whose frames act on behalf of their caller."""
    _FILES.add(file)


def is_transparent(file: str) -> bool:
    """Whether frames of this file act on behalf of their caller."""
    return file in _FILES
