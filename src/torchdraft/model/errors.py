"""Errors of reading what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class ReportFormatError(ValueError):
    """The text is no report, or one that this version can't read."""
