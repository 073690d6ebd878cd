"""The baseline: a file with the fingerprints of accepted findings, by target."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from torchdraft._targets.usage_error import UsageError

from .fingerprint import Fingerprint, normalised

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
    """Target → fingerprint → how many findings with it are accepted."""

    def __init__(self, targets: Mapping[str, Counts]) -> None:
        self.targets = dict(targets)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a baseline. Raises `UsageError` if the file is missing or is not a baseline."""
        try:
            document = msgspec.json.decode(path.read_bytes(), type=_Document)
        except FileNotFoundError:
            raise UsageError(
                f"there is no baseline {str(path)!r}",
                expected="a file that --write-baseline wrote",
                advice="torchdraft check --write-baseline accepts what is found now",
            ) from None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(
                f"the baseline {str(path)!r} can't be read: {error}", expected="what --write-baseline wrote"
            ) from None
        if (document.format, document.version) != (FORMAT, VERSION):
            raise UsageError(
                f"the baseline {str(path)!r} has format {document.format!r}, version {document.version}",
                expected=f"{FORMAT!r}, version {VERSION}",
            )
        return cls({target: _counts(entries) for target, entries in document.targets.items()})

    def text(self) -> str:
        """The text of the file, sorted, so that its differences are small."""
        targets = {target: _entries(counts) for target, counts in sorted(self.targets.items()) if counts}
        return json.dumps({"format": FORMAT, "version": VERSION, "targets": targets}, indent=2) + "\n"

    def accepted(self, target: str) -> Counts:
        """A copy of the counts of a target, which the caller may decrease."""
        return Counter(self.targets.get(target, {}))


def _counts(entries: Iterable[_Entry]) -> Counts:
    counts: Counts = Counter()
    for entry in entries:
        fields: dict[str, Any] = {**asdict(entry), "source": normalised(entry.source)}  # earlier ones have comments
        counts[Fingerprint(**{name: value for name, value in fields.items() if name != "count"})] += fields["count"]
    return counts


def _entries(counts: Counts) -> list[dict[str, Any]]:
    return [{**asdict(fingerprint), "count": count} for fingerprint, count in sorted(counts.items()) if count > 0]
