"""Checks the options of `draft_export`: a wrong one is a `TypeError` or `ValueError` that shows the expected form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import torch

from torchdraft.model.errors import WrongType, WrongValue

_OPERATOR = 'a list of namespaces and operators: ["mylib", "otherlib::foo"], or ["*"] for all'


def checked_kwargs(kwargs: Any) -> dict[str, Any]:
    """The keyword inputs as a dictionary of their own."""
    if kwargs is None:
        return {}
    if not isinstance(kwargs, Mapping):
        raise WrongType(f"kwargs is {_kind(kwargs)}", "a dict of keyword inputs, or None")
    if wrong := [key for key in kwargs if not isinstance(key, str)]:
        raise WrongType(f"kwargs has the key {wrong[0]!r}", "the names of the model's arguments")
    return dict(kwargs)


def check_switch(name: str, value: Any) -> None:
    """Refuses what is neither true nor false; 0, 1 and None are, as to torch."""
    if not isinstance(value, int) and value is not None:
        raise WrongType(f"{name}={_shown(value)}", "True or False")


def check_budget(value: Any) -> None:
    """Refuses a `memory_budget` that is no number of bytes."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongType(f"memory_budget={_shown(value)}", "a number of bytes: 2 << 30 for 2 GiB")
    if not value >= 0:  # also where it is not a number
        raise WrongValue(f"memory_budget={value!r}", "a number of bytes that is not negative: 2 << 30 for 2 GiB")


def checked_trusted_ops(value: Any) -> tuple[str, ...]:
    """The names in `trusted_ops`. A text is refused, because each of its letters would be a namespace."""
    if isinstance(value, str):
        raise WrongType(f"trusted_ops={value!r}", _OPERATOR, f"write trusted_ops=[{value!r}]")
    if not isinstance(value, Iterable):
        raise WrongType(f"trusted_ops={_shown(value)}", _OPERATOR)
    names = tuple(value)
    for name in names:
        if not isinstance(name, str):
            raise WrongType(f"trusted_ops has {_shown(name)}", _OPERATOR)
        _check_operator(name)
    return names


def _check_operator(name: str) -> None:
    """Refuses what is no name of a namespace or an operator: `torch.ops.mylib.foo`, `mylib.foo`."""
    namespace, separator, operator = name.partition("::")
    if name == "*" or (namespace.isidentifier() and (operator.partition(".")[0].isidentifier() or not separator)):
        return
    parts = name.removeprefix("torch.ops.").split(".")
    advice = f"write {'::'.join(parts[:2])!r}" if all(map(str.isidentifier, parts)) else ""
    raise WrongValue(f"trusted_ops has {name!r}", _OPERATOR, advice)


def check_preserved(mod: torch.nn.Module, names: Any) -> None:
    """Refuses names of submodules in `preserve_module_call_signature` that the model does not have."""
    expected = 'a tuple of dotted names of submodules: ("encoder", "encoder.layers.0")'
    if isinstance(names, str) or not isinstance(names, Collection):
        raise WrongType(f"preserve_module_call_signature={_shown(names)}", expected)
    known = [name for name, _ in mod.named_modules(remove_duplicate=False)]
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), known, n=3, cutoff=0)
            advice = f"the model has {', '.join(map(repr, filter(None, close)))}" if any(close) else ""
            raise WrongValue(f"preserve_module_call_signature names {name!r}, no submodule", expected, advice)


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 and "\n" not in text else _kind(value)
