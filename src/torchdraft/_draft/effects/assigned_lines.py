"""The lines of the user's code that assigned the attributes of modules."""

from __future__ import annotations

from typing import Any

from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._stack.user_stack import user_stack
from torchdraft.model.events import Frame


class AssignedLines:
    """For each attribute of a module, the line that last assigned it during the trace."""

    def __init__(self) -> None:
        self._lines: dict[tuple[int, str], tuple[Frame, ...]] = {}

    def note(self, module: Any, name: str) -> None:
        """Called when an attribute of `module` is assigned."""
        if belongs() and (stack := user_stack()):
            self._lines[_key(module, name)] = stack

    def line_of(self, module: Any, name: str) -> tuple[Frame, ...]:
        """The line that last assigned it; empty where none did."""
        return self._lines.get(_key(module, name), ())


def _key(module: Any, name: str) -> tuple[int, str]:
    """The proxies that tracing puts around modules share the module's dictionary."""
    return id(module.__dict__), name
