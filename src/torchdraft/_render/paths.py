"""Files as the readers of a check name them: relative to the working directory where they lie in it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def is_file_name(file: str) -> bool:
    """Whether it names a file: code typed at a prompt is `<stdin>`."""
    return bool(file) and not file.startswith("<")


def relative(file: str) -> str | None:
    """The path below the working directory, with forward slashes; None where the file lies elsewhere."""
    path = os.path.relpath(file, os.getcwd()) if _same_drive(file) else ".."
    return None if path == os.pardir or path.startswith(os.pardir + os.sep) else Path(path).as_posix()


def shown(file: str) -> str:
    """The relative path, or the absolute one of a file elsewhere."""
    return relative(file) or os.path.abspath(file)


def uri(file: str) -> str:
    """A URI reference below the working directory, or an absolute `file:` URI."""
    below = relative(file)
    return quote(below) if below is not None else Path(os.path.abspath(file)).as_uri()


def _same_drive(file: str) -> bool:
    return os.path.splitdrive(os.path.abspath(file))[0] == os.path.splitdrive(os.getcwd())[0]
