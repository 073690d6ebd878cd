"""A call on which both sides are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments, the random seed, and how often to call in a row. A repeated call starts from the state of the last
    one.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    origin: str = "given"
    seed: int = 0
    times: int = 1

    @property
    def inputs(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments."""
        return self.args, dict(self.kwargs)

    def on(self, inputs: tuple[tuple[Any, ...], Mapping[str, Any]]) -> Call:
        """The same call with other arguments."""
        return replace(self, args=tuple(inputs[0]), kwargs=dict(inputs[1]))


def given(inputs: Iterable[Any], seed: int) -> list[Call]:
    """The inputs of the user as calls. Each is a tuple of positional arguments, or `(args, kwargs)`.

    A tuple of a tuple and a dict is interpreted as `(args, kwargs)`. To pass them as two positional arguments, write
    `((first, second), {})`.
    """
    if isinstance(inputs, Mapping) or not isinstance(inputs, Iterable) or hasattr(inputs, "shape"):
        raise TypeError(
            f"inputs must be a list of inputs, got {type(inputs).__name__}; for one input of one tensor write [(x,)]"
        )
    return [_one(number, value, seed + number) for number, value in enumerate(inputs)]


def _one(number: int, value: Any, seed: int) -> Call:
    if not isinstance(value, tuple):
        raise TypeError(
            f"inputs[{number}] must be a tuple of positional arguments or (args, kwargs), got {type(value).__name__}; "
            f"for one argument write (x,)"
        )
    if len(value) == 2 and isinstance(value[0], tuple) and _is_keywords(value[1]):
        return Call(value[0], dict(value[1]), seed=seed)
    return Call(value, {}, seed=seed)


def _is_keywords(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
