"""Lists every declared patch: for the documentation, and for tests that compare torch before and after a draft."""

from __future__ import annotations

from typing import Any

from .changes import own_attribute
from .registry import Patch, Target, load
from .scopes import SCOPES


def declared() -> list[Patch]:
    """Every patch, by scope; one that belongs to several scopes is listed once."""
    load()
    return list({id(patch): patch for scope in SCOPES for patch in scope.patches}.values())


def replaced_targets() -> list[Target]:
    """Every attribute that a patch replaces, once."""
    return list({target.path: target for patch in declared() if patch.replaces for target in patch.targets}.values())


def targets() -> list[tuple[Any, str]]:
    """Owner and name of every attribute that a patch replaces."""
    return [(target.owner, target.name) for target in replaced_targets()]


def current() -> dict[str, Any]:
    """Path of every attribute that a patch replaces → what its owner stores there now."""
    return {target.path: own_attribute(target.owner, target.name) for target in replaced_targets()}
