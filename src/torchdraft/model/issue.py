"""One assumption that a draft made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .location import Location
from .severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An assumption, the line that caused it, and what it means for other inputs.

    Equal assumptions that are made repeatedly (in a loop, in repeated layers) are one issue: `occurrences` counts them
    and `modules` lists the submodules in which they were made.
    """

    code: str
    name: str
    severity: Severity
    message: str
    mend: str = ""
    """What to do about it, in one line."""
    code_to_write: str = ""
    """The code that mends it, where it is known: whole statements, to be written by a person."""
    replacement: str = ""
    """What to write in the place of the marked expression of `location`, where that alone mends it. A tool can edit the
    file with it; `code_to_write` is the line with it."""
    location: Location | None = None
    """The user's innermost line; None where no user code was running."""
    user_stack: tuple[Location, ...] = ()
    """The user's frames, outermost first; frames of torch and torchdraft are left out."""
    expr: str | None = None
    value: str | None = None
    symbols: Mapping[str, str] = field(default_factory=dict)
    """Symbol → where it comes from: `u0` → `x.item() at m.py:12`."""
    locals: Mapping[str, str] = field(default_factory=dict)
    occurrences: int = 1
    node: str | None = None
    """Name of the graph node that carries the assumption, if it is known."""
    modules: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    """Data of this rule alone: an operator's name, a `dynamic_shapes` to paste. JSON types only."""

    @property
    def own_location(self) -> Location | None:
        """The innermost line that is not in an installed package; `location` if all lines are."""
        own = (frame for frame in reversed((*self.user_stack, *_listed(self.location))) if not frame.installed)
        return next(own, self.location)


def _listed(location: Location | None) -> tuple[Location, ...]:
    return (location,) if location else ()
