"""Data that the rules about dynamic dimensions share."""

from __future__ import annotations

from typing import Any

from torchdraft.model.events import ConstraintViolated, DimensionSpecialized


def dimension_data(event: ConstraintViolated | DimensionSpecialized) -> dict[str, Any]:
    """The dimension, what was requested, what the program accepts, the symbolic guard, and the shapes that hold."""
    found = {"dimension": event.dimension, "asked": event.asked, "got": event.got}
    return found | {name: text for name, text in (("symbolic", event.symbolic), ("fix", event.fix)) if text}
