"""What programs are made of. Each file holds statements of one kind; importing this package registers them all."""

from __future__ import annotations

from . import control, custom, pure, reads, regions, sizes, state, views, writes
from .registry import FEATURES, Feature

__all__ = ["FEATURES", "Feature", "control", "custom", "pure", "reads", "regions", "sizes", "state", "views", "writes"]
