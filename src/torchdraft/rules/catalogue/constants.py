"""Texts that several rules share."""

from __future__ import annotations

REFUSED = "Nothing is assumed, but `torch.export.export` cannot evaluate it and may refuse the model here."
"""For values that are computed from constants."""
