"""Replacements of `isinstance` and `type`: fake tensors and symbolic numbers have their eager classes."""

from __future__ import annotations

import builtins
from typing import Any

import torch

from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.symbolic.mixed_numbers import MixedNumber

from .builtins import replaces_builtin

_NUMBERS: dict[type, Any] = {torch.SymInt: 0, torch.SymFloat: 0.0, torch.SymBool: False}
"""Class of a symbolic number → a number of the class that it has in eager."""


@replaces_builtin(
    isinstance,
    why="`isinstance(x.shape[0], int)` is true in eager and false for a SymInt: the trace would take another branch.",
)
def is_instance(value: Any, classes: Any) -> bool:
    """`isinstance(value, classes)`; a symbolic number is also an instance of its eager class."""
    if isinstance(value, MixedNumber):
        value = value.chosen()
    number = _NUMBERS.get(builtins.type(value))
    return isinstance(value, classes) or (number is not None and isinstance(number, classes))


class _Matched(type):
    """Makes a class of numbers match what `isinstance` says of the class that it stands for."""

    def __instancecheck__(cls, value: Any) -> bool:
        return is_instance(value, cls.__base__)


class _Int(int, metaclass=_Matched):
    """`int`, in a pattern of `match`."""


class _Float(float, metaclass=_Matched):
    """`float`, in a pattern of `match`."""


MATCHED: dict[type, type] = {int: _Int, float: _Float}
"""Class of numbers → the class that patterns of `match` name instead: no function is called there."""


def class_of(value: Any) -> type:
    """`type(value)`, or the class that a fake tensor or a symbolic number has in eager."""
    found = builtins.type(value)
    if found is MixedNumber:
        return class_of(value.chosen())
    if found is FakeTensor:
        return torch.nn.Parameter if isinstance(value, torch.nn.Parameter) else torch.Tensor
    return builtins.type(_NUMBERS[found]) if found in _NUMBERS else found


class _Meta(type):
    """Makes `Type` behave as `type` where it is called, compared, subscripted, or passed to `isinstance`."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Type:
            return super().__call__(*args, **kwargs)  # a metaclass that the model's code derives from it
        return class_of(args[0]) if len(args) == 1 and not kwargs else type(*args, **kwargs)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, type) if cls is Type else super().__instancecheck__(value)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, type) if cls is Type else super().__subclasscheck__(other)

    def __getitem__(cls, item: Any) -> Any:
        return type[item]

    def __eq__(cls, other: object) -> bool:
        return other is cls or (cls is Type and other is type)

    def __hash__(cls) -> int:
        return hash(type) if cls is Type else super().__hash__()


@replaces_builtin(
    type,
    why="`type(x) is torch.Tensor` and `type(x.shape[0]) is int` are true in eager and false for a fake tensor and a "
    "SymInt, so the trace would take another branch.",
)
class Type(type, metaclass=_Meta):
    """Python's `type`, for the model's code."""
