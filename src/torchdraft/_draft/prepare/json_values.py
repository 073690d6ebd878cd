"""Plain values in the structure of inputs and outputs, as JSON: what no graph holds and a file has to.

What cannot be said there (a closure, an open file) is lost: a loaded program has None in its place.
"""

from __future__ import annotations

import base64
import enum
import io
import json
import operator
import sys
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
import torch

from .tuple_keys import has_tuples, key_of, text_of

STATIC = (torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size)
"""Values of torch that are no data."""

ARRAYS = (np.ndarray, np.generic)
_NAMED = (type, FunctionType, BuiltinFunctionType)
_PARTS: dict[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def to_json_value(value: Any) -> Any:
    """`value` as JSON that `read` makes it from."""
    for kind, (classes, write, _) in _WORDS.items():
        if isinstance(value, classes) and (said := write(value)) is not None:
            return {_mark(kind): said}
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        said = _parts(value) if type(value) in _PARTS.values() else None
        return {_mark("lost"): repr(value)[:200]} if said is None else {_mark("parts"): said}
    return value


def from_json_value(said: Any) -> Any:
    """The value that `written` wrote; None where it could not."""
    if not isinstance(said, dict) or len(said) != 1:
        return said
    ((mark, inner),) = said.items()
    return _READERS[mark](inner) if mark in _READERS else said


def is_lost(said: Any) -> bool:
    """Whether `read` makes nothing of what `written` wrote."""
    return isinstance(said, dict) and _mark("lost") in said


def static_to_text(value: Any) -> str:
    """A dtype, a device, a layout, a memory format or a size."""
    said = json.dumps(list(value)) if isinstance(value, torch.Size) else str(value)
    return f"{type(value).__name__} {said}"


def static_from_text(text: str) -> Any:
    """What `held_as_text` wrote."""
    kind, _, said = text.partition(" ")
    if kind == "device":
        return torch.device(said)
    if kind == "Size":
        return torch.Size(json.loads(said))
    return getattr(torch, said.removeprefix("torch."))


def _mark(kind: str) -> str:
    return f"__torchdraft_{kind}__"


def _parts(value: Any) -> list[Any] | None:
    """The kind of a container and its parts; nothing where one of them is lost."""
    said = [to_json_value(part) for part in value]
    return None if any(is_lost(part) for part in said) else [type(value).__name__, *said]


def _from_parts(said: list[Any]) -> Any:
    kind, *parts = said
    return _PARTS[kind](from_json_value(part) for part in parts)


def _name(value: Any) -> list[str] | None:
    """Module and name of a class or function that is found again by them."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return [module, name] if module and name and _by_name([module, name]) is value else None


def _by_name(place: list[str]) -> Any:
    """A class or function by its name, where its module is loaded."""
    module, name = place
    try:
        return operator.attrgetter(name)(sys.modules[module])
    except (AttributeError, KeyError):
        return None


def _member(value: enum.Enum) -> list[str] | None:
    """A member of an enumeration; flags that are set together have no name."""
    cls = _name(type(value))
    return [cls[0], f"{cls[1]}.{value.name}"] if cls and value.name in type(value).__members__ else None


def _bytes_of(array: Any) -> str | None:
    """An array or a number of NumPy in its own file format; nothing of an array of objects."""
    if array.dtype.hasobject:
        return None
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    kind = "scalar" if isinstance(array, np.generic) else "array"
    return f"{kind} {base64.b64encode(file.getvalue()).decode()}"


def _array_from(said: str) -> Any:
    kind, _, data = said.partition(" ")
    array = np.load(io.BytesIO(base64.b64decode(data)), allow_pickle=False)
    return array[()] if kind == "scalar" else array


_WORDS: dict[str, tuple[Any, Any, Any]] = {
    "held": (STATIC, static_to_text, static_from_text),
    "array": (ARRAYS, _bytes_of, _array_from),
    "member": (enum.Enum, _member, _by_name),
    "named": (_NAMED, _name, _by_name),
    "tuple": (tuple, lambda value: text_of(value) if has_tuples([value]) else None, key_of),
    "complex": (complex, lambda value: [value.real, value.imag], lambda said: complex(*said)),
    "ellipsis": (type(...), lambda _: True, lambda _: ...),
    "bytes": (bytes, lambda value: base64.b64encode(value).decode(), base64.b64decode),
}
"""What JSON has no word for: the classes, how one is written (None where it cannot be), and how it is read."""

_READERS: dict[str, Any] = {
    **{_mark(kind): reader for kind, (_, _, reader) in _WORDS.items()},
    _mark("parts"): _from_parts,
    _mark("lost"): lambda _: None,
}
