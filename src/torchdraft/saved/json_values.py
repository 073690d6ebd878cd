"""Encodes values that JSON does not have, and that the structure of inputs and outputs contains where a graph cannot.

`{"__torchdraft_<kind>__": …}` encodes one; `_ENCODINGS` lists the kinds. A value that none of them fits (a closure, an
open file) is encoded as `lost`, and a loaded program has None in its place.
"""

from __future__ import annotations

import base64
import enum
import io
import json
import operator
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

import numpy as np
import torch

from .tuple_keys import has_encodable_tuples, text_from_tuple, tuple_from_text

STATIC = (torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size)
"""Classes of torch whose instances describe tensors."""
ARRAYS = (np.ndarray, np.generic)

_NAMED = (type, FunctionType, BuiltinFunctionType)
_CONTAINERS: dict[str, Any] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def to_json_value(value: Any) -> Any:
    """`value` as JSON, to be read by `from_json_value`."""
    for kind, encoding in _ENCODINGS.items():
        if isinstance(value, encoding.classes) and (encoded := encoding.encode(value)) is not None:
            return {_mark(kind): encoded}
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        parts = _encode_parts(value) if type(value) in _CONTAINERS.values() else None
        return {_mark("lost"): repr(value)[:200]} if parts is None else {_mark("parts"): parts}
    return value


def from_json_value(encoded: Any) -> Any:
    """The value that `to_json_value` encoded; None where it was lost."""
    if not isinstance(encoded, dict) or len(encoded) != 1:
        return encoded
    ((mark, inner),) = encoded.items()
    return _DECODERS[mark](inner) if mark in _DECODERS else encoded


def is_lost(encoded: Any) -> bool:
    """Whether `to_json_value` could not encode the value."""
    return isinstance(encoded, dict) and _mark("lost") in encoded


def static_to_text(value: Any) -> str:
    """A dtype, device, layout, memory format or size as text."""
    text = json.dumps(list(value)) if isinstance(value, torch.Size) else str(value)
    return f"{type(value).__name__} {text}"


def static_from_text(text: str) -> Any:
    """The value that `static_to_text` wrote."""
    kind, _, rest = text.partition(" ")
    if kind == "device":
        return torch.device(rest)
    if kind == "Size":
        return torch.Size(json.loads(rest))
    return getattr(torch, rest.removeprefix("torch."))


def _mark(kind: str) -> str:
    return f"__torchdraft_{kind}__"


def _encode_parts(container: Any) -> list[Any] | None:
    """The name of a container's class, and its encoded parts; None where one of them is lost."""
    parts = [to_json_value(part) for part in container]
    return None if any(is_lost(part) for part in parts) else [type(container).__name__, *parts]


def _decode_parts(encoded: list[Any]) -> Any:
    kind, *parts = encoded
    return _CONTAINERS[kind](from_json_value(part) for part in parts)


def _encode_named(value: Any) -> list[str] | None:
    """Module and qualified name of a class or function; None where these lead to something else."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return [module, name] if module and name and _decode_named([module, name]) is value else None


def _decode_named(place: list[str]) -> Any:
    """A class or function by name; None where its module is not imported."""
    module, name = place
    try:
        return operator.attrgetter(name)(sys.modules[module])
    except (AttributeError, KeyError):
        return None


def _encode_member(value: enum.Enum) -> list[str] | None:
    """Module and name of an enumeration's member; None for combined flags, which have no name."""
    cls = _encode_named(type(value))
    return [cls[0], f"{cls[1]}.{value.name}"] if cls and value.name in type(value).__members__ else None


def _encode_array(array: Any) -> str | None:
    """An array or scalar of NumPy in NumPy's file format; None for an array of Python objects."""
    if array.dtype.hasobject:
        return None
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    kind = "scalar" if isinstance(array, np.generic) else "array"
    return f"{kind} {base64.b64encode(file.getvalue()).decode()}"


def _decode_array(encoded: str) -> Any:
    kind, _, data = encoded.partition(" ")
    array = np.load(io.BytesIO(base64.b64decode(data)), allow_pickle=False)
    return array[()] if kind == "scalar" else array


def _encode_tuple(value: tuple[Any, ...]) -> str | None:
    return text_from_tuple(value) if has_encodable_tuples([value]) else None


def _encode_bounds(value: slice | range) -> list[Any] | None:
    parts = [to_json_value(bound) for bound in (value.start, value.stop, value.step)]
    return None if any(is_lost(part) for part in parts) else parts


class _Encoding(NamedTuple):
    """How values of some classes are encoded. `encode` returns None for a value that it cannot encode."""

    classes: Any
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


_ENCODINGS = {
    "held": _Encoding(STATIC, static_to_text, static_from_text),
    "array": _Encoding(ARRAYS, _encode_array, _decode_array),
    "member": _Encoding(enum.Enum, _encode_member, _decode_named),
    "named": _Encoding(_NAMED, _encode_named, _decode_named),
    "tuple": _Encoding(tuple, _encode_tuple, tuple_from_text),
    "complex": _Encoding(complex, lambda value: [value.real, value.imag], lambda parts: complex(*parts)),
    "ellipsis": _Encoding(type(...), lambda _: True, lambda _: ...),
    "slice": _Encoding(slice, _encode_bounds, lambda parts: slice(*map(from_json_value, parts))),
    "range": _Encoding(range, _encode_bounds, lambda parts: range(*parts)),
    "bytes": _Encoding(bytes, lambda value: base64.b64encode(value).decode(), base64.b64decode),
}
"""Kind → encoding. Files contain the kinds; the order matters for values of several classes."""

_DECODERS: dict[str, Callable[[Any], Any]] = {
    **{_mark(kind): encoding.decode for kind, encoding in _ENCODINGS.items()},
    _mark("parts"): _decode_parts,
    _mark("lost"): lambda _: None,
}
