"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .usage_error import Mistake


def check_writable(path: Path, option: str, ending: str) -> None:
    """Raise `Mistake` now where writing `path` would fail after the work."""
    if not path.name.endswith(ending):
        advice = f"{option} {path.with_suffix(ending)}" if path.name else ""
        raise Mistake(f"{option} {str(path)!r}", expected=f"a file name ending in {ending}", advice=advice)
    target = path.resolve()
    if target.is_dir():
        raise Mistake(f"{option} {str(path)!r} is a folder", expected="a file", advice=f"{option} {path}/model{ending}")
    if target.exists() and not target.is_file():
        raise Mistake(f"{option} {str(path)!r} is no regular file", expected="a file that can be replaced")
    if not target.parent.is_dir():
        raise Mistake(
            f"{option} {str(path)!r}: there is no folder {str(target.parent)!r}",
            expected="a file in a folder that exists",
            advice=f"mkdir -p {target.parent}",
        )
    with replacing(path, option) as temporary:
        temporary.unlink()


@contextmanager
def replacing(path: Path, option: str) -> Iterator[Path]:
    """A new, empty file beside `path`; it takes `path`'s place when the block ends well and goes when it does not.

    Beside it, because only a rename within one file system is atomic. A block that deletes the file replaces nothing.
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


def _unwritable(path: Path, option: str, error: OSError) -> Mistake:
    return Mistake(
        f"{option} {str(path)!r} can't be written: {error.strerror or error}",
        expected="a file in a folder you may write",
    )
