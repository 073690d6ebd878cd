"""Rules of other packages, registered under the entry point group `torchdraft.rules`.

An entry point names one subclass of `Rule`. One that cannot be used adds a note to every report and never stops a
draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from torchdraft.model import Severity
from torchdraft.model.events import Event

from .rule import CODE, NAME, SECTIONS, Rule

GROUP = "torchdraft.rules"
RESERVED = "TD"
"""Codes that start with these letters are torchdraft's own."""


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """An entry point that provides no usable rule."""

    entry: str
    """`name = package.module:Class`, and the distribution that registers it."""
    exception: str


@dataclass(frozen=True, slots=True)
class Plugins:
    """The entry points of the installed packages, loaded."""

    rules: tuple[Rule[Any], ...]
    broken: tuple[BrokenPlugin, ...]


@lru_cache(maxsize=1)
def installed(own: tuple[Rule[Any], ...]) -> Plugins:
    """The rules of the installed packages. Their codes and names differ from each other and from those of `own`."""
    return load(entries(), own)


@lru_cache(maxsize=1)
def entries() -> tuple[EntryPoint, ...]:
    """The entry points of the installed packages, not loaded. Cached, because reading all metadata is slow."""
    return tuple(entry_points(group=GROUP))


def load(entries: Iterable[EntryPoint], own: tuple[Rule[Any], ...]) -> Plugins:
    """Load the rules that the entry points name, sorted by code."""
    rules: list[Rule[Any]] = []
    broken: list[BrokenPlugin] = []
    for entry in sorted(entries, key=lambda entry: (entry.name, entry.value)):
        try:
            rules.append(_checked(entry.load(), (*own, *rules)))
        except (Exception, SystemExit) as error:
            distribution = f" of {entry.dist.name}" if entry.dist else ""
            described = f"{entry.name} = {entry.value}{distribution}"
            broken.append(BrokenPlugin(described, f"{type(error).__name__}: {error}"))
    return Plugins(tuple(sorted(rules, key=lambda rule: rule.code)), tuple(broken))


def _checked(loaded: Any, others: Iterable[Rule[Any]]) -> Rule[Any]:
    """An instance of the class that an entry point names. Raises if it is not a complete rule."""
    if not (isinstance(loaded, type) and issubclass(loaded, Rule)):
        raise TypeError(f"expected a subclass of torchdraft.rules.Rule, not {loaded!r}")
    if missing := [name for name in ("code", "name", "severity", "takes") if not hasattr(loaded, name)]:
        raise TypeError(f"{loaded.__name__} has no {missing[0]!r}")
    rule = loaded()
    _check_attributes(rule)
    if collisions := [other for other in others if rule.code == other.code or rule.name == other.name]:
        raise ValueError(f"{rule.code} ({rule.name}) collides with {collisions[0].code} ({collisions[0].name})")
    return rule


def _check_attributes(rule: Rule[Any]) -> None:
    if not re.fullmatch(CODE, rule.code) or rule.code.startswith(RESERVED):
        raise ValueError(f"expected a code like ACME001 (those with {RESERVED} are torchdraft's), not {rule.code!r}")
    if not re.fullmatch(NAME, rule.name):
        raise ValueError(f"expected a name of lower case words with hyphens, not {rule.name!r}")
    if not isinstance(rule.severity, Severity):
        raise TypeError(f"expected a torchdraft.Severity as severity of {rule.code}, not {rule.severity!r}")
    if not _event_classes(rule.takes) or not _texts(rule.calls):
        raise TypeError(f"expected a tuple of event classes as takes and one of texts as calls of {rule.code}")
    if tuple(rule.sections()) != SECTIONS:
        raise ValueError(f"expected the docstring of {rule.code} to have the sections {', '.join(SECTIONS)}")


def _event_classes(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, type) and issubclass(each, Event) for each in value)


def _texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
