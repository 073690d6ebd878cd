"""Calls of functions that return another value in each call or each process (`sources.py`).

The functions are replaced in the modules that have them. A class is replaced only where the model looks it up in its
module. Both are replaced in the namespaces of the model's code that imported them by name. A generator that moves
without such a call is reported by `mutations/random_generators.py`.

Replacements are made once and live as long as the process: Dynamo keeps identities of the functions of some modules,
and another object could get the identity of a replacement that was freed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

from torchdraft._draft.effects.protocol import WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._draft.state.namespaces import replace_values
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._draft.tracing.draft_threads import belongs
from torchdraft._stack.frame_kinds import in_an_import
from torchdraft._stack.user_stack import here
from torchdraft._torch.dynamo import collect_numpy_functions, collect_torch_functions
from torchdraft._torch.patching.changes import Changes
from torchdraft.model.events import ImpureCall

from .module_views import show_model
from .sources import SOURCES, TAKE_A_SEED, CallerTest, WatchedClass, WatchedFunction, called_by_model
from .watched_calls import past_rules


class _Active:
    """The trace that the replacements report to."""

    trace: WatchedTrace | None = None


_active = _Active()
_REPLACEMENTS: dict[int, tuple[Any, Any]] = {}
"""Identity of an original, or of a replacement → the original and the replacement."""


@watches(why="A trace bakes the value that the call returned into the program.")
class NondeterministicCalls(Watcher):
    """Emits an event for each such call that the model makes, and gives it the answers of `WatchedTrace.answers`."""

    def install(self, changes: Changes, at_draft: Snapshot) -> None:
        """Replaces the functions and classes of every source."""
        collect_numpy_functions()
        changes.attribute(_active, "trace", self.trace)
        instead: dict[int, Any] = {}
        classes: dict[ModuleType, dict[str, Any]] = {}
        for source in SOURCES:
            if source.only_if_named:
                if not at_draft.codes_naming(tuple(function.name for function in source.functions)):
                    continue
                collect_torch_functions()
            for function in source.functions:
                original, replacement = _replacement(function)
                instead[id(original)] = replacement
                changes.attribute(function.owner, function.name, replacement)
            for watched in source.classes:
                original, replacement = _replacement(watched)
                instead[id(original)] = replacement
                classes.setdefault(watched.owner, {})[watched.name] = replacement
        for module, shown in classes.items():
            show_model(changes, module, shown)
        replace_values(changes, at_draft.namespaces(), instead)


def _replacement(watched: WatchedFunction | WatchedClass) -> tuple[Any, Any]:
    """The original and the replacement. In a draft inside a draft, the attribute is a replacement already."""
    now = getattr(watched.owner, watched.name)
    if id(now) not in _REPLACEMENTS:
        if isinstance(watched, WatchedFunction):
            made: Any = watched_function(now, watched.label, watched.by_model)
        else:
            made = watched_class(now, watched)
        _REPLACEMENTS[id(now)] = _REPLACEMENTS[id(made)] = (now, made)
    return _REPLACEMENTS[id(now)]


def watched_function(
    original: Callable[..., Any], label: str, by_model: CallerTest, first: int = 0
) -> Callable[..., Any]:
    """A replacement of `original`, which is called without the first `first` arguments: the class, for a `__new__`."""

    def watched(*args: Any, **kwargs: Any) -> Any:
        args, caller, trace = args[first:], past_rules(sys._getframe(1)), _active.trace
        if trace is None or not belongs():
            if trace is not None:
                trace.moved_by_others.add(label.rpartition(".")[0])
            return original(*args, **kwargs)
        if not by_model(caller) or in_an_import(caller) or _is_determined(label, args, kwargs):
            return original(*args, **kwargs)
        event, absent = ImpureCall(what=_named(label, args), **here()), False
        try:
            return trace.answers.answer(label, original(*args, **kwargs))
        except KeyError:
            absent = label == "os.environ"
            raise
        finally:
            trace.context.log.emit(replace(event, absent=absent))

    return watched


def _named(label: str, args: Any) -> str:
    """What the report calls a call: with the variable of the environment, or the name of the file."""
    if label == "os.environ":
        return f"os.environ[{args[1]!r}]"
    return f"open({str(args[0])!r})" if label == "open" and args else label


def _is_determined(label: str, args: Any, kwargs: Any) -> bool:
    """Whether a generator is given its seed, or a file is opened for writing only, so that no value comes from it."""
    if label in TAKE_A_SEED:
        return any(value is not None for value in (*args, *kwargs.values()))
    mode = str(kwargs.get("mode", args[1] if len(args) > 1 else "r"))
    return label == "open" and "r" not in mode and "+" not in mode


def watched_class(original: Any, watched: WatchedClass) -> Any:
    """A subclass of `original` whose watched methods emit events. Making an instance gives one of `original`."""

    class Like(type(original)):  # type: ignore[misc]
        def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
            if any(isinstance(base, cls) for base in bases):  # the model makes a subclass, which outlives the trace
                bases = tuple(original if isinstance(base, cls) else base for base in bases)
                return type(original)(name, bases, namespace, **options)
            return super().__new__(cls, name, bases, namespace)

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, original)

    def make(_cls: Any, *args: Any, **kwargs: Any) -> Any:
        return original(*args, **kwargs)

    if not watched.methods:
        make = watched_function(original, watched.label, called_by_model, first=1)
    methods = {
        name: staticmethod(watched_function(getattr(original, name), f"{watched.label}.{name}", called_by_model))
        for name in watched.methods
    }
    return Like(original.__name__, (original,), {"__new__": make, "__module__": original.__module__, **methods})
