"""A place in source code."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INSTALLED = re.compile(r"[/\\](?:site|dist)-packages[/\\]")


@dataclass(frozen=True, slots=True)
class Location:
    """One line of a file, with its text at the time of the report.

    `column` and `end_column` (0-based, in characters of the full line) mark the expression, if it is known.
    """

    file: str
    line: int
    function: str = ""
    source: str = ""
    """The source line with its indentation and without its line break. Empty if the file cannot be read."""
    column: int | None = None
    end_column: int | None = None

    @property
    def installed(self) -> bool:
        """Whether the file belongs to an installed package, which the user does not edit."""
        return _INSTALLED.search(self.file) is not None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where} in {self.function}" if self.function else where
