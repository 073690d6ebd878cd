"""Writes files atomically: completely or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torchdraft import _atomic

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
    """`_atomic.replacing`, with `UsageError` where the file cannot be written."""
    try:
        with _atomic.replacing(path) as temporary:
            yield temporary
    except OSError as error:
        raise _unwritable(path, option, error) from error


def _unwritable(path: Path, option: str, error: OSError) -> UsageError:
    return UsageError(
        f"{option} {str(path)!r} can't be written: {error.strerror or error}",
        expected="a file in a folder you may write",
    )
