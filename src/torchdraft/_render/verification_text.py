"""Verifications as plain text: what the terminal shows, without colour, at a fixed width."""

from __future__ import annotations

from torchdraft.model import Verification

from .text import WIDTH, as_text
from .verification import render_verification


def render_verification_text(found: Verification, width: int = WIDTH) -> str:
    """The verification as text that is the same in every environment: no ANSI codes, no trailing blanks."""
    return as_text(render_verification(found), width)
