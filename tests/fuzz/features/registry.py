"""The table of features. A feature writes one statement for the given program, or returns None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..builder import Builder

Writer = Callable[[Builder], str | None]


@dataclass(frozen=True, slots=True)
class Feature:
    """A named writer of statements. A larger weight makes it more frequent."""

    name: str
    write: Writer
    weight: float


FEATURES: dict[str, Feature] = {}


def feature(name: str, weight: float = 1.0) -> Callable[[Writer], Writer]:
    """Registers a writer under `name`. The summary counts by this name."""

    def register(write: Writer) -> Writer:
        if name in FEATURES:
            raise ValueError(f"two features are called {name!r}")
        FEATURES[name] = Feature(name, write, weight)
        return write

    return register
