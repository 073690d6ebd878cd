"""Declares patches of torch and applies all those of a scope.

    @patches("torch.fx.proxy:CapturedTraceback", scope=EXPORT, why="Upstream symbolizes each node's stack anew.")
    def fast_node_stacks(original):
        return FastTraceback()

A patch is found because its file is in `_torch/patches/`, or because its file was imported. The patches of one scope
have different targets, so their order has no influence: they are applied by module name, then in order of declaration,
and undone in reverse. A scope may be applied again inside itself; `original` is then the outer replacement.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from torchdraft._torch.probe import need

from .changes import Changes

PATCHES = "torchdraft._torch.patches"
"""The package whose modules are imported before a scope is applied."""

_TARGET = "target"
"""The parameter of a declared function that receives the `Target`."""

Declared = TypeVar("Declared", bound=Callable[..., Any])


@dataclass(slots=True)
class Scope:
    """A stretch of time, and the patches that are in force during it."""

    name: str
    holds: str
    """When the scope is applied, as a phrase for the documentation."""
    patches: list[Patch] = field(default_factory=list)

    def targets(self) -> dict[str, Patch]:
        """Path of each target → the patch that declares it."""
        return {target.path: patch for patch in self.patches for target in patch.targets}


@dataclass(frozen=True, slots=True)
class Target:
    """An attribute of a module, a class or an object; `module:attribute.path`."""

    path: str
    owner: Any
    name: str

    @classmethod
    def at(cls, path: str) -> Target:
        """Resolves a path. Raises `UnsupportedTorch` where torch has no such attribute."""
        module, _, attributes = path.partition(":")
        outer, _, name = attributes.rpartition(".")
        if outer or not hasattr(builtins, name):
            need(path)
        return cls(path, need(f"{module}:{outer}" if outer else module), name)

    def value(self) -> Any:
        """What the attribute is now. A module finds in `builtins` what it does not have itself."""
        return getattr(self.owner, self.name) if hasattr(self.owner, self.name) else getattr(builtins, self.name)


@dataclass(frozen=True, slots=True)
class Patch:
    """One declared change."""

    function: Callable[..., Any]
    targets: tuple[Target, ...]
    scopes: tuple[Scope, ...]
    why: str
    upstream: str
    replaces: bool
    """Whether `function` returns what replaces a target; otherwise it makes the changes itself."""
    hooks: tuple[str, ...]
    """The parameters that `applied` must be given, by name."""
    takes_target: bool

    @property
    def what(self) -> str:
        """The first paragraph of the declared function's docstring, on one line."""
        return " ".join((self.function.__doc__ or "").strip().partition("\n\n")[0].split())

    def apply(self, changes: Changes, hooks: dict[str, Any]) -> None:
        """Makes the change, or replaces each target."""
        given = {name: hooks[name] for name in self.hooks}
        if not self.replaces:
            self.function(changes, **given)
            return
        for target in self.targets:
            named = {_TARGET: target} if self.takes_target else {}
            changes.attribute(target.owner, target.name, self.function(target.value(), **given, **named))


def patches(
    *targets: str, scope: Scope | tuple[Scope, ...], why: str, upstream: str = ""
) -> Callable[[Declared], Declared]:
    """Declares `def f(original, …) -> replacement` for attributes of torch (or of any module).

    `f` is called once for each target whenever the scope is applied. A parameter called `target` receives the `Target`;
    any other parameter is a hook, which the caller of `applied` passes by name. A classmethod's `original` is bound;
    the replacement is stored as it is, so it may be a descriptor. `upstream` is an issue, a pull request or a function.

    Raises `ValueError` where the scope has a patch for the target already, `UnsupportedTorch` where torch has no such
    target.
    """
    return _declaration(targets, scope, why, upstream, replaces=True)


def temporary(
    *targets: str, scope: Scope | tuple[Scope, ...], why: str, upstream: str = ""
) -> Callable[[Declared], Declared]:
    """Declares `def f(changes, …)`, which changes something else than an attribute: entries of a table, settings, the
    objects of a model. It makes each change through `changes`, which undoes them. Otherwise as `patches`.
    """
    return _declaration(targets, scope, why, upstream, replaces=False)


def _declaration(
    targets: tuple[str, ...], scope: Scope | tuple[Scope, ...], why: str, upstream: str, *, replaces: bool
) -> Callable[[Declared], Declared]:
    scopes = (scope,) if isinstance(scope, Scope) else scope

    def declare(function: Declared) -> Declared:
        resolved = tuple(Target.at(path) for path in targets)
        _first, *others = inspect.signature(function).parameters
        hooks = tuple(name for name in others if name != _TARGET)
        patch = Patch(function, resolved, scopes, why, upstream, replaces, hooks, _TARGET in others)
        for each in scopes:
            _refuse_duplicates(each, patch)
            insort(each.patches, patch, key=lambda other: other.function.__module__)
        return function

    return declare


def _refuse_duplicates(scope: Scope, patch: Patch) -> None:
    for target in patch.targets:
        other = scope.targets().get(target.path)
        if other is None:
            continue
        if _place(other.function) == _place(patch.function):  # its file is imported again after a failed import
            scope.patches.remove(other)
            continue
        raise ValueError(
            f"{target.path} is patched twice in the scope {scope.name}: by {_place(other.function)} and by "
            f"{_place(patch.function)}; declare one patch that does both"
        )


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@cache
def load() -> None:
    """Imports every module of `_torch/patches/`, so that what they declare is known."""
    package = importlib.import_module(PATCHES)
    for module in pkgutil.walk_packages(package.__path__, f"{PATCHES}."):
        importlib.import_module(module.name)


def applied(scope: Scope, **hooks: Any) -> Changes:
    """A context in which all patches of `scope` are in force. `hooks` are the parameters that its patches declare.

    Raises `TypeError` where a hook is missing or belongs to no patch.
    """
    load()
    wanted = {name: patch for patch in scope.patches for name in patch.hooks}
    if missing := wanted.keys() - hooks.keys():
        name = min(missing)
        raise TypeError(f"the scope {scope.name} needs the hook {name!r}, for {_place(wanted[name].function)}")
    if unknown := hooks.keys() - wanted.keys():
        raise TypeError(f"no patch of the scope {scope.name} takes the hook {min(unknown)!r}")

    def make(changes: Changes) -> None:
        for patch in scope.patches:
            patch.apply(changes, hooks)

    return Changes(make)
