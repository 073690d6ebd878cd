"""Every rule there is, by code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from torchdraft.rules import catalogue

from .plugins import BrokenPlugin, entries, installed
from .rule import Rule

_added: list[Rule[Any]] = []
"""Rules of a `with also(rule)` block."""


def all_rules() -> tuple[Rule[Any], ...]:
    """One of each: torchdraft's own by code, then those of other packages."""
    return (*own_rules(), *installed(own_rules()).rules, *_added)


def read_ahead() -> None:
    """Does at import what would be a tenth of a small model's first draft. Other packages' rules are found, not loaded:
    they import torchdraft.
    """
    own_rules()
    entries()


def broken_plugins() -> tuple[BrokenPlugin, ...]:
    """What other packages registered and can't be used."""
    return installed(own_rules()).broken


def watched_calls() -> tuple[str, ...]:
    """The functions whose calls some rule wants to hear of."""
    return tuple(dict.fromkeys(name for rule in all_rules() for name in rule.calls))


def rule_named(text: str) -> Rule[Any] | None:
    """The rule with that code or name, upper or lower case."""
    wanted = text.strip().lower()
    return next((rule for rule in all_rules() if wanted in (rule.code.lower(), rule.name)), None)


@contextmanager
def also(rule: Rule[Any]) -> Iterator[None]:
    """In this block `rule` is one of `all_rules()`, as if its package had registered it."""
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
    """torchdraft's own. A file `tdNNN_name.py` in this folder is a rule; there is no list to keep."""
    files = (info.name for info in pkgutil.iter_modules(catalogue.__path__) if info.name.startswith("td"))
    return tuple(_rule_in(name) for name in sorted(files))


def _rule_in(file: str) -> Rule[Any]:
    module = importlib.import_module(f"{catalogue.__name__}.{file}")
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Rule) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise TypeError(f"{module.__name__} must define exactly one Rule; it defines {len(classes)}")
    return classes[0]()
