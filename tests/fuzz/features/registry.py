"""The table of features. A feature writes one statement for the given program, or returns None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..builder import Builder, Predicate

Writer = Callable[..., str | None]
"""Takes the program and the names of the variables that the feature picks."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A named writer of statements. A larger weight makes it more frequent."""

    name: str
    writer: Writer
    weight: float
    picks: tuple[Predicate, ...] = ()

    def write(self, builder: Builder) -> str | None:
        """A statement; None where the program has no variable that the feature needs."""
        picked = [builder.pick(wanted) for wanted in self.picks]
        return None if None in picked else self.writer(builder, *picked)


FEATURES: dict[str, Feature] = {}


def feature(name: str, weight: float = 1.0, picks: tuple[Predicate, ...] = ()) -> Callable[[Writer], Writer]:
    """Registers a writer under `name`, by which the summary counts. It receives a variable for each of `picks`."""

    def register(write: Writer) -> Writer:
        if name in FEATURES:
            raise ValueError(f"two features are called {name!r}")
        FEATURES[name] = Feature(name, write, weight, picks)
        return write

    return register
