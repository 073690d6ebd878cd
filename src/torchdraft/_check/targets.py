"""Which targets a check is asked for, and under which name they are known."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from torchdraft._targets.target import is_file
from torchdraft._targets.usage_error import Mistake

from .settings import FILE, TABLE, Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """One target."""

    text: str
    """As the user wrote it."""
    folder: Path
    """Where its file or package is looked for."""
    key: str
    """The name that a baseline knows it by: the same from every working directory."""


def asked_targets(given: Iterable[str], settings: Settings) -> tuple[Asked, ...]:
    """The given targets, or those of the settings where none is given; each once."""
    here = Path.cwd()
    asked = [Asked(text, here, _key(text, here, settings.folder)) for text in given]
    asked = asked or [Asked(text, settings.folder, text) for text in settings.targets]
    if not asked:
        raise Mistake(
            "no target is given, and no settings name any",
            expected=f'torchdraft check model.py:build, or targets = ["model.py:build"] in [{TABLE}] of {FILE}',
        )
    return tuple({each.key: each for each in asked}.values())


def _key(text: str, here: Path, project: Path) -> str:
    where, separator, attribute = text.rpartition(":")
    if not separator or not is_file(where):
        return text
    return Path(os.path.relpath(here / where, project)).as_posix() + separator + attribute
