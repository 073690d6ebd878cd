"""Writes files atomically: completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .usage_error import UsageError


def check_writable(path: Path, option: str, ending: str) -> None:
    """Raise `UsageError` if `path` cannot be written, before the work that produces its content."""
    if not path.name.endswith(ending):
        advice = f"{option} {path.with_suffix(ending)}" if path.name else ""
        raise UsageError(f"{option} {str(path)!r}", expected=f"a file name ending in {ending}", advice=advice)
    target = path.resolve()
    if target.is_dir():
        raise UsageError(
            f"{option} {str(path)!r} is a folder", expected="a file", advice=f"{option} {path}/model{ending}"
        )
    if target.exists() and not target.is_file():
        raise UsageError(f"{option} {str(path)!r} is no regular file", expected="a file that can be replaced")
    if not target.parent.is_dir():
        raise UsageError(
            f"{option} {str(path)!r}: there is no folder {str(target.parent)!r}",
            expected="a file in a folder that exists",
            advice=f"mkdir -p {target.parent}",
        )
    with replacing(path, option) as temporary:
        temporary.unlink()


@contextmanager
def replacing(path: Path, option: str) -> Iterator[Path]:
    """A new, empty file beside `path`, which replaces `path` if the block succeeds and is deleted if it raises.

    It is in the same folder, because only a rename within one file system is atomic. If the block deletes the file,
    `path` is not replaced.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        temporary.open("xb").close()
    except OSError as error:
        raise _unwritable(path, option, error) from error
    try:
        yield temporary
        if temporary.exists():
            os.replace(temporary, target)
    except OSError as error:
        raise _unwritable(path, option, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, option: str, error: OSError) -> UsageError:
    return UsageError(
        f"{option} {str(path)!r} can't be written: {error.strerror or error}",
        expected="a file in a folder you may write",
    )
