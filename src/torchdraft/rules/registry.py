"""The registry of rules: torchdraft's own, those of other packages, and those added for a test."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any

from .plugins import BrokenPlugin, entries, installed
from .rule import Rule

CATALOGUE = f"{__package__}.catalogue"
"""The package whose modules define torchdraft's own rules. Named and not imported: its modules import this package."""

_added: list[Rule[Any]] = []
"""Rules of a `with also(rule)` block."""


def all_rules() -> tuple[Rule[Any], ...]:
    """One instance of each rule: torchdraft's own by code, then those of other packages."""
    return (*own_rules(), *installed(own_rules()).rules, *_added)


def read_ahead() -> None:
    """Load torchdraft's own rules and find those of other packages, before the first draft.

    This takes a tenth of the time of a small model's first draft. Rules of other packages are not loaded yet, because
    they import torchdraft.
    """
    own_rules()
    entries()


def broken_plugins() -> tuple[BrokenPlugin, ...]:
    """The entry points of other packages that provide no usable rule."""
    return installed(own_rules()).broken


def watched_calls() -> tuple[str, ...]:
    """The functions in the `calls` of some rule: a call of one of them is reported as a `FunctionCalled` event."""
    return tuple(dict.fromkeys(name for rule in all_rules() for name in rule.calls))


def rule_named(text: str) -> Rule[Any] | None:
    """The rule with that code or name, in upper or lower case."""
    wanted = text.strip().lower()
    return next((rule for rule in all_rules() if wanted in (rule.code.lower(), rule.name)), None)


@contextmanager
def also(rule: Rule[Any]) -> Iterator[None]:
    """Within this block `rule` is one of `all_rules()`, as if its package had registered it."""
    new = all(type(known) is not type(rule) for known in all_rules())
    if new:
        _added.append(rule)
    try:
        yield
    finally:
        if new:
            _added.remove(rule)


@lru_cache(maxsize=1)
def own_rules() -> tuple[Rule[Any], ...]:
    """torchdraft's own rules by code: every concrete subclass of `Rule` that a module of the catalogue defines.

    Raises `ValueError` if two rules have the same code or name.
    """
    rules = [cls() for module in _modules(CATALOGUE) for cls in _rules_of(module)]
    _refuse_duplicates(rules)
    return tuple(sorted(rules, key=lambda rule: rule.code))


def _modules(package: str) -> Iterator[ModuleType]:
    path = importlib.import_module(package).__path__
    return (importlib.import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(path))


def _rules_of(module: ModuleType) -> list[type[Rule[Any]]]:
    """The rules that a module defines, without those that it imports."""
    classes = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, Rule)]
    return [cls for cls in classes if cls.__module__ == module.__name__ and not inspect.isabstract(cls)]


def _refuse_duplicates(rules: Iterable[Rule[Any]]) -> None:
    known: dict[str, Rule[Any]] = {}
    for rule in rules:
        for text in (rule.code, rule.name):
            other = known.setdefault(text, rule)
            if other is not rule:
                raise ValueError(f"{_where(other)} and {_where(rule)} both define the rule {text}")


def _where(rule: Rule[Any]) -> str:
    return f"{type(rule).__module__}.{type(rule).__name__}"
