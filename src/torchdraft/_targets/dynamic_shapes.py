"""Checks that `dynamic_shapes` fits the model's signature."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from .usage_error import UsageError


def check_dynamic_shapes(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], dynamic_shapes: Any) -> None:
    """Raise `UsageError`, which names the expected keys, if the arguments or `dynamic_shapes` do not fit
    `model.forward`.

    The keys of a dict are names of arguments that are passed. A tuple or list has one entry for each passed argument.
    """
    try:
        names = list(inspect.signature(model.forward).bind(*args, **kwargs).arguments)
    except TypeError as error:
        raise UsageError(
            f"the example does not fit {type(model).__name__}.forward: {error}",
            expected=f"arguments for forward{inspect.signature(model.forward)}",
        ) from None
    if isinstance(dynamic_shapes, Mapping):
        if not set(dynamic_shapes) <= set(names):
            raise UsageError(
                f"dynamic_shapes has the keys {_listed(dynamic_shapes)}",
                expected=f"the names of the arguments given: {_listed(names)}",
                advice=_advice(names, dynamic_shapes),
            )
    elif isinstance(dynamic_shapes, tuple | list) and dynamic_shapes and len(dynamic_shapes) != len(names):
        raise UsageError(
            f"dynamic_shapes has {len(dynamic_shapes)} entries",
            expected=f"one for each of the {len(names)} arguments given: {_listed(names)}",
            advice="None stands for an argument without dynamic dimensions",
        )


def _advice(names: list[str], dynamic_shapes: Mapping[Any, Any]) -> str:
    shown = ", ".join(f"{name!r}: {'…' if name in dynamic_shapes else None}" for name in names)
    return f"dynamic_shapes = {{{shown}}} (None stands for an argument without dynamic dimensions)"


def _listed(names: Any) -> str:
    return ", ".join(map(repr, names)) or "none"
