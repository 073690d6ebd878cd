"""File names in the output of a check: relative to the working directory for files below it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def is_file_name(file: str) -> bool:
    """Whether the text names a file. Code from a prompt has the name `<stdin>`."""
    return bool(file) and not file.startswith("<")


def relative(file: str) -> str | None:
    """The path relative to the working directory, with forward slashes; None if the file is not below it."""
    path = os.path.relpath(file, os.getcwd()) if _same_drive(file) else ".."
    return None if path == os.pardir or path.startswith(os.pardir + os.sep) else Path(path).as_posix()


def shown(file: str) -> str:
    """The relative path, or the absolute path if the file is not below the working directory."""
    return relative(file) or os.path.abspath(file)


def uri(file: str) -> str:
    """A URI reference relative to the working directory, or an absolute `file:` URI."""
    below = relative(file)
    return quote(below) if below is not None else Path(os.path.abspath(file)).as_uri()


def _same_drive(file: str) -> bool:
    return os.path.splitdrive(os.path.abspath(file))[0] == os.path.splitdrive(os.getcwd())[0]
