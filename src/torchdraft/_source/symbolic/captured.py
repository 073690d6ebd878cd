"""Captured values of the user's locals, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torchdraft._source.symbolic.expression_text import text_of
from torchdraft.model.events import ObservedTensor

_SHORT = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f16",
    "bfloat16": "bf16",
    "complex128": "c128",
    "complex64": "c64",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "int8": "i8",
    "uint8": "u8",
    "bool": "bool",
}
"""dtype → its short name, as in torch's printed graphs."""


def shown_locals(captured: Mapping[str, Any]) -> dict[str, str]:
    """Name → text: `f32[2, s0]` for a tensor, the number for a number."""
    return {name: shown(value) for name, value in captured.items()}


def shown(value: Any) -> str:
    """One captured value as text, cut to 80 characters."""
    if isinstance(value, ObservedTensor):
        name = str(value.dtype).removeprefix("torch.")
        return f"{_SHORT.get(name, name)}[{', '.join(map(text_of, value.shape))}]"
    number = float(value) if getattr(value, "is_Float", False) else value  # sympy prints fifteen digits
    return text_of(number)[:80]
