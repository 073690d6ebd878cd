"""Operators that return their argument itself or a copy of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

_aten = torch.ops.aten
_BY_FORMAT = frozenset(getattr(_aten.to, name) for name in _aten.to.overloads())
_BY_ARGUMENT = frozenset(
    (
        _aten.contiguous.default,
        _aten.type_as.default,
        _aten.resolve_conj.default,
        _aten.resolve_neg.default,
    )
)


def may_copy(func: Any, leaves: Iterable[Any]) -> bool:
    """Whether an operator, called with these flat arguments, returns its argument for some inputs and a copy for
    others: by strides, dtype, or whether the input is conjugated.

    The dtype and device of what `to` converts are asserted in the graph, but not the strides.
    """
    if func in _BY_FORMAT:
        return any(type(leaf) is torch.memory_format and leaf is not torch.preserve_format for leaf in leaves)
    return func in _BY_ARGUMENT
