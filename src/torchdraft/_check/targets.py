"""The targets of a check, from its arguments or the settings."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from torchdraft._targets.target import is_file
from torchdraft._targets.usage_error import UsageError

from .settings import FILE, TABLE, Settings


@dataclass(frozen=True, slots=True)
class RequestedTarget:
    """One target of a check."""

    text: str
    """As the user wrote it."""
    folder: Path
    """The folder of its file or package."""
    key: str
    """Its name in a baseline, which is the same from every working directory."""


def requested_targets(given: Iterable[str], settings: Settings) -> tuple[RequestedTarget, ...]:
    """The given targets, or those of the settings if none is given, without duplicates."""
    here = Path.cwd()
    requested = [RequestedTarget(text, here, _key(text, here, settings.folder)) for text in given]
    requested = requested or [RequestedTarget(text, settings.folder, text) for text in settings.targets]
    if not requested:
        raise UsageError(
            "no target is given, and no settings name any",
            expected=f'torchdraft check model.py:build, or targets = ["model.py:build"] in [{TABLE}] of {FILE}',
        )
    return tuple({each.key: each for each in requested}.values())


def _key(text: str, here: Path, project: Path) -> str:
    where, separator, attribute = text.rpartition(":")
    if not separator or not is_file(where):
        return text
    return Path(os.path.relpath(here / where, project)).as_posix() + separator + attribute
