"""The features of programs. Each file contains statements of one kind. Importing this package registers all of them."""

from __future__ import annotations

from . import (
    control,
    custom,
    held,
    layers,
    loops,
    numbers,
    pure,
    questions,
    reads,
    regions,
    sizes,
    state,
    views,
    writes,
)
from .registry import FEATURES, Feature

__all__ = [
    "FEATURES",
    "Feature",
    "control",
    "custom",
    "held",
    "layers",
    "loops",
    "numbers",
    "pure",
    "questions",
    "reads",
    "regions",
    "sizes",
    "state",
    "views",
    "writes",
]
