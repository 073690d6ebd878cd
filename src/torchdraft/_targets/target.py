"""Loads targets: `file.py:callable` or `package.module:callable` → a model and its example."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import itertools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .raised import raised
from .usage_error import UsageError

if TYPE_CHECKING:
    import torch

FORM = "a target of the form file.py:callable or package.module:callable"
RETURNS = "a tuple (module, args[, kwargs[, dynamic_shapes]])"


@dataclass(frozen=True, slots=True)
class Target:
    """A model and its example inputs."""

    model: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    dynamic_shapes: Any
    file: str = ""
    """The file from which it was imported."""


def load_target(text: str, folder: Path | None = None) -> Target:
    """Import the target, call it and check what it returns. Raises `UsageError` if one of these fails.

    Files and packages are searched in `folder`, by default the working directory.
    """
    where, separator, attribute = text.rpartition(":")
    if not separator or not where or not attribute:
        raise UsageError(f"the target {text!r} names no callable", expected=FORM, advice="example: model.py:build")
    module = _import(where, folder or Path.cwd())
    made = _call(_attribute(module, attribute, where), attribute)
    return replace(_checked(made, attribute), file=getattr(module, "__file__", None) or "")


def is_file(where: str) -> bool:
    """Whether the part of a target before the colon names a file and not a package."""
    return where.endswith(".py") or os.sep in where


def _import(where: str, folder: Path) -> ModuleType:
    if is_file(where):
        return _import_file(where, folder)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name and (where == error.name or where.startswith(error.name + ".")):
            raise UsageError(
                f"no module named {error.name!r} (looked for {where!r} from {folder})",
                expected=FORM,
                advice=f"a file is given with its ending: {where.replace('.', '/')}.py:callable",
            ) from None
        raise raised(f"importing {where!r} failed", error) from error
    except (Exception, SystemExit) as error:
        raise raised(f"importing {where!r} failed", error) from error


def _import_file(where: str, folder: Path) -> ModuleType:
    path = (folder / where).resolve()
    if not path.is_file():
        raise UsageError(
            f"there is no file {where!r}", expected="a Python file that exists", advice=f"looked for in {folder}"
        )
    # Run a file once, also if several targets name it.
    known = next((module for module in list(sys.modules.values()) if _comes_from(module, path)), None)
    return known or _run_file(where, path)


def _run_file(where: str, path: Path) -> ModuleType:
    name = _free_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{where!r} is no Python file", expected=FORM)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise raised(f"running {where!r} failed", error) from error
    return module


def _comes_from(module: ModuleType, path: Path) -> bool:
    """Whether the module was run from `path`. Reads `vars`, because `getattr` makes some modules import others."""
    names = vars(module) if isinstance(module, ModuleType) else {}
    return names.get("__file__") == str(path) and names.get("__name__") != "__main__"


def _free_name(path: Path) -> str:
    """A free module name: if possible the file's own, so that its classes pickle as they do elsewhere."""
    if path.stem.isidentifier() and not _taken(path.stem):
        return path.stem
    others = (f"_torchdraft_target_{path.stem}{number or ''}" for number in itertools.count())
    return next(name for name in others if not _taken(name))


def _taken(name: str) -> bool:
    return name in sys.modules or name in sys.stdlib_module_names


def _attribute(module: ModuleType, attribute: str, where: str) -> Callable[[], Any]:
    value: Any = module
    for name in attribute.split("."):
        if not hasattr(value, name):
            functions = (
                key for key, item in vars(module).items() if inspect.isfunction(item) and not key.startswith("_")
            )
            known = ", ".join(sorted(functions)) or "none"
            raise UsageError(f"{where!r} has no {attribute!r}", expected=f"one of its functions: {known}")
        value = getattr(value, name)
    return _callable_without_arguments(value, attribute)


def _callable_without_arguments(value: Any, attribute: str) -> Callable[[], Any]:
    import torch

    if isinstance(value, torch.nn.Module) or not callable(value):
        kind = "a module" if isinstance(value, torch.nn.Module) else f"a {type(value).__name__}"
        raise UsageError(
            f"{attribute!r} is {kind}",
            expected=f"a function without arguments that returns {RETURNS}",
            advice=f"def build(): return {attribute}, (example_input,)",
        )
    try:
        inspect.signature(value).bind()
    except TypeError as error:
        raise UsageError(
            f"{attribute!r} can't be called without arguments ({error})",
            expected=f"a function without arguments that returns {RETURNS}",
        ) from None
    except ValueError:
        pass  # a builtin without a signature: `_call` reports an error
    return value


def _call(build: Callable[[], Any], attribute: str) -> Any:
    try:
        return build()
    except (Exception, SystemExit) as error:
        raise raised(f"{attribute}() raised", error) from error


def _checked(made: Any, attribute: str) -> Target:
    import torch

    if not isinstance(made, tuple) or not 2 <= len(made) <= 4:
        kind = f"a tuple of {len(made)}" if isinstance(made, tuple) else _kind(made)
        raise UsageError(f"{attribute}() returned {kind}", expected=RETURNS, advice="return model, (example_input,)")
    model, args, kwargs, dynamic_shapes = made + (None,) * (4 - len(made))
    if not isinstance(model, torch.nn.Module):
        if not callable(model) or isinstance(model, type):
            raise UsageError(
                f"{attribute}() returned {_kind(model)} as the model",
                expected="a torch.nn.Module, or another object that can be called with the arguments",
                advice=f"an instance: {model.__name__}(…)" if isinstance(model, type) else "",
            )
        model = as_module(model)
    if not isinstance(args, tuple):
        raise UsageError(
            f"{attribute}() returned {_kind(args)} as args",
            expected="a tuple of the model's positional arguments",
            advice="one argument is (x,), none is ()",
        )
    kwargs = {} if kwargs is None else kwargs
    if not isinstance(kwargs, Mapping) or not all(isinstance(key, str) for key in kwargs):
        raise UsageError(
            f"{attribute}() returned {_kind(kwargs)} as kwargs", expected="a dict with names as keys, or None"
        )
    return Target(model, args, kwargs, dynamic_shapes)


def as_module(function: Callable[..., Any]) -> torch.nn.Module:
    """A module that calls a function, a method or another object. The module of a method is a part of it."""
    import torch

    name = getattr(function, "__name__", type(function).__name__)
    made: torch.nn.Module = type(name, (torch.nn.Module,), {"forward": staticmethod(function)})()
    owner = getattr(function, "__self__", None)
    if isinstance(owner, torch.nn.Module):
        made.add_module("model", owner)
    return made


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
