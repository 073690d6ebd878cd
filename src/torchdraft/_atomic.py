"""Writes files completely or not at all."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new, empty file beside `path`, which replaces `path` if the block succeeds and is deleted if it raises.

    It is in the same folder, because only a rename within one file system is atomic. If the block deletes the file,
    `path` is not replaced. Something that cannot be replaced, such as a pipe, is the file of the block itself.
    """
    target = path.resolve()
    if target.exists() and not target.is_file() and not target.is_dir():
        yield target
        return
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    temporary.open("xb").close()
    try:
        yield temporary
        if temporary.exists():
            os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


class Sink(io.RawIOBase):
    """A file for a writer that must not see an error: torch's writer of archives ends the process where a write fails.

    After the first failed write nothing is written any more; `finish` raises its error.
    """

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file
        self._error: Exception | None = None

    def write(self, data: Any) -> int:
        """Writes `data`, or does nothing where a write failed before."""
        if self._error is None:
            try:
                self._file.write(data)
            except Exception as error:
                self._error = error
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Seeks in the file if it can: torch goes back to the start of an archive, so that it can be loaded."""
        if hasattr(self._file, "seek") and self._file.seekable():
            return int(self._file.seek(offset, whence))
        return offset

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def finish(self) -> None:
        """Raises the error of the first write that failed."""
        if self._error is not None:
            raise self._error
        if hasattr(self._file, "flush"):
            self._file.flush()
