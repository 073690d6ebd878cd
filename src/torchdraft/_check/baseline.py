"""Findings that were accepted: a file of fingerprints, by target."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from torchdraft._targets.usage_error import Mistake

from .fingerprint import Fingerprint

FORMAT = "torchdraft-baseline"
VERSION = 1

Counts = Counter[Fingerprint]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    code: str
    file: str
    function: str
    source: str
    expr: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    format: str
    version: int
    targets: Mapping[str, tuple[_Entry, ...]]


class Baseline:
    """Target → how often each fingerprint is accepted."""

    def __init__(self, targets: Mapping[str, Counts]) -> None:
        self.targets = dict(targets)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Raises `Mistake` where the file is missing or no baseline."""
        try:
            document = msgspec.json.decode(path.read_bytes(), type=_Document)
        except FileNotFoundError:
            raise Mistake(
                f"there is no baseline {str(path)!r}",
                expected="a file that --write-baseline wrote",
                advice="torchdraft check --write-baseline accepts what is found now",
            ) from None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Mistake(
                f"the baseline {str(path)!r} can't be read: {error}", expected="what --write-baseline wrote"
            ) from None
        if (document.format, document.version) != (FORMAT, VERSION):
            raise Mistake(
                f"the baseline {str(path)!r} has format {document.format!r}, version {document.version}",
                expected=f"{FORMAT!r}, version {VERSION}",
            )
        return cls({target: _counts(entries) for target, entries in document.targets.items()})

    def text(self) -> str:
        """The file's text: sorted, so that a change to it is a small difference."""
        targets = {target: _entries(counts) for target, counts in sorted(self.targets.items()) if counts}
        return json.dumps({"format": FORMAT, "version": VERSION, "targets": targets}, indent=2) + "\n"

    def accepted(self, target: str) -> Counts:
        """What is accepted of a target, for the caller to count down."""
        return Counter(self.targets.get(target, {}))


def _counts(entries: Iterable[_Entry]) -> Counts:
    counts: Counts = Counter()
    for entry in entries:
        fields: dict[str, Any] = asdict(entry)
        counts[Fingerprint(**{name: value for name, value in fields.items() if name != "count"})] += fields["count"]
    return counts


def _entries(counts: Counts) -> list[dict[str, Any]]:
    return [{**asdict(fingerprint), "count": count} for fingerprint, count in sorted(counts.items()) if count > 0]
