"""Nodes of the structure of the outputs, for values and containers that pytree does not flatten.

`run_decompositions` builds the outputs and flattens them again. There a node stands for itself: what it stands for
elsewhere would be flattened into other leaves, and the decomposed program would not fit its structure.

Importing this module registers them with pytree under the names that files contain.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, NamedTuple

import torch

from torchdraft._torch import pytree
from torchdraft._torch.exporters.decompositions import is_decomposing

from .json_values import ARRAYS, STATIC, from_json_value, static_from_text, static_to_text, to_json_value
from .tuple_keys import lists_as_tuples


class StaticOutput:
    """An output that no graph can return (text, a dtype, a function): stored in the structure."""

    def __init__(self, value: Any) -> None:
        self.value = value


class StaticValue:
    """A static output as pytree's context, which has to be comparable: arrays compare element by element."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StaticValue) or type(self.value) is not type(other.value):
            return False
        if isinstance(self.value, ARRAYS):
            return bool(to_json_value(self.value) == to_json_value(other.value))
        return bool(self.value is other.value or self.value == other.value)

    def __hash__(self) -> int:
        return hash(type(self.value))

    def fresh(self) -> Any:
        """The value; of an array a copy, which the caller may write to."""
        return self.value.copy() if isinstance(self.value, ARRAYS) else self.value


class RebuiltOutput:
    """A container that pytree does not flatten, or cannot save: its kind and its parts."""

    def __init__(self, kind: str, parts: list[Any]) -> None:
        self.kind = kind
        self.parts = parts


class KeyedOutput:
    """A dictionary whose keys JSON does not have."""

    def __init__(self, content: dict[Any, Any]) -> None:
        self.content = content


class Container(NamedTuple):
    """How a container is divided into parts, and built of them again."""

    divide: Callable[[Any], list[Any]]
    build: Callable[[list[Any]], Any]


def _bounds(value: Any) -> list[Any]:
    return [value.start, value.stop, value.step]


CONTAINERS: dict[type, Container] = {
    set: Container(list, set),
    frozenset: Container(list, frozenset),
    torch.Size: Container(list, torch.Size),
    slice: Container(_bounds, lambda parts: slice(*parts)),
    range: Container(_bounds, lambda parts: range(*parts)),
    MappingProxyType: Container(lambda proxy: [dict(proxy)], lambda parts: MappingProxyType(parts[0])),
}
"""Containers that pytree does not flatten. The kind of a `RebuiltOutput` is the name of the class."""

FIRST = "first"
"""The kind of a `RebuiltOutput` that is its first part; the others are there to be returned."""
RETURN_TYPE = "return_types."
"""Prefix of the kinds of what `torch.max(x, 0)` and the like return: pytree flattens it, and has no name to save."""

_BUILDERS = {cls.__name__: container.build for cls, container in CONTAINERS.items()} | {FIRST: lambda parts: parts[0]}


def _build(parts: Any, kind: str) -> Any:
    if kind.startswith(RETURN_TYPE):
        return getattr(torch.return_types, kind.removeprefix(RETURN_TYPE))(parts)
    return _BUILDERS[kind](list(parts))


def _keyed(content: dict[Any, Any]) -> Any:
    return KeyedOutput(content) if is_decomposing() else content


def _static_to_text(context: StaticValue) -> str:
    value = context.value
    return static_to_text(value) if isinstance(value, STATIC) else f"json {json.dumps(to_json_value(value))}"


def _static_from_text(text: str) -> StaticValue:
    kind, _, rest = text.partition(" ")
    return StaticValue(from_json_value(json.loads(rest)) if kind == "json" else static_from_text(text))


pytree.register_pytree_node(
    StaticOutput,
    lambda output: ([], StaticValue(output.value)),
    lambda _parts, context: StaticOutput(context.value) if is_decomposing() else context.fresh(),
    serialized_type_name="torchdraft.Held",
    to_dumpable_context=_static_to_text,
    from_dumpable_context=_static_from_text,
)
pytree.register_pytree_node(
    RebuiltOutput,
    lambda output: (output.parts, output.kind),
    lambda parts, kind: RebuiltOutput(kind, list(parts)) if is_decomposing() else _build(parts, kind),
    serialized_type_name="torchdraft.Made",
)
pytree.register_pytree_node(
    KeyedOutput,
    lambda output: (list(output.content.values()), list(output.content)),
    lambda parts, keys: _keyed(dict(zip(keys, parts, strict=True))),
    serialized_type_name="torchdraft.Keyed",
    to_dumpable_context=lambda keys: json.dumps([to_json_value(key) for key in keys]),
    from_dumpable_context=lambda text: [lists_as_tuples(from_json_value(key)) for key in json.loads(text)],
    flatten_with_keys_fn=lambda output: (
        [(pytree.MappingKey(key), value) for key, value in output.content.items()],
        list(output.content),
    ),
)
