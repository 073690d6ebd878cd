"""Renders verifications as plain text: the terminal output without colour, at a fixed width."""

from __future__ import annotations

from torchdraft.model import Verification

from .text import WIDTH, as_text
from .verification import render_verification


def render_verification_text(found: Verification, width: int = WIDTH) -> str:
    """The verification as text, the same in every environment, without ANSI codes and trailing blanks."""
    return as_text(render_verification(found), width)
