"""How a value of the trace was computed, as a Python expression: `x.sum() > 0`, `k[mask].shape[0]`.

It is written from the recorded operations, for code whose source cannot be read (`exec`, a shell, `python -c`). It is a
description: parts beyond its length or depth are `…`, and an operation is written as the method that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from torchdraft._tape.tape import Handle, Operand, Record, Unknown, Version, View
from torchdraft._torch.symbolic.shapes import SYMBOLIC

LONGEST = 80
"""Characters of an expression."""
DEEPEST = 8
"""Operations that stand inside of each other."""
MOST_ITEMS = 4
"""Elements shown of a list."""
CUT = "…"

_ATOM, _UNARY, _LEAST = 20, 14, 0
_INFIX = {
    "pow": ("**", 15), "mul": ("*", 13), "div": ("/", 13), "true_divide": ("/", 13), "floor_divide": ("//", 13),
    "remainder": ("%", 13), "matmul": ("@", 13), "mm": ("@", 13), "mv": ("@", 13), "dot": ("@", 13), "bmm": ("@", 13),
    "add": ("+", 12), "sub": ("-", 12), "bitwise_and": ("&", 10), "bitwise_xor": ("^", 9), "bitwise_or": ("|", 8),
    "__and__": ("&", 10), "__xor__": ("^", 9), "__or__": ("|", 8),
    "gt": (">", 6), "lt": ("<", 6), "ge": (">=", 6), "le": ("<=", 6), "eq": ("==", 6), "ne": ("!=", 6),
}  # fmt: skip
"""Operator of torch → its sign in Python and how closely it binds."""
_PREFIX = {"neg": "-", "bitwise_not": "~", "logical_not": "~"}
_TRUTHS = {*(name for name, (_, level) in _INFIX.items() if level <= 10), "any", "all", "logical_not", "logical_and",
           "logical_or", "logical_xor", "isnan", "isinf", "is_nonzero"}  # fmt: skip
"""Operators whose result is true or false, or as good as that: `x & 1` is true where `(x & 1) != 0` is."""
_SAME = frozenset({"detach", "alias", "lift_fresh", "lift_fresh_copy"})
"""Operators that return what they take."""


class ComputedText:
    """Writes values of one trace.

    `names` has the user's tensors, by the cell of the tape; `record_of` finds the operation that made a symbol.
    """

    def __init__(self, names: Mapping[int, str], record_of: Callable[[Any], tuple[Record, str] | None]) -> None:
        self._names = names
        self._record_of = record_of

    def number(self, record: Record, part: str) -> str:
        """The number that an operation read or the size that it made; `part` says where in its result it stands."""
        for deepest in range(DEEPEST, 0, -1):
            text = self._number(record, part, deepest)
            if len(text) <= LONGEST:
                return text
        return ""

    def truth(self, record: Record) -> str:
        """The tensor whose truth value an operation read."""
        read = _truth_read(record)
        for deepest in range(DEEPEST, 0, -1):
            text = self._operand(read, deepest)[0] if read is not None else ""
            if len(text) <= LONGEST:
                return text
        return ""

    def _number(self, record: Record, part: str, depth: int) -> str:
        if _name_of(record.func) == "_local_scalar_dense":
            return f"{self._closed(self._operand(record.operands[0], depth))}.item()" if record.operands else ""
        return self._closed(self._call(record, record.args, depth)) + part

    def _operand(self, operand: Operand, depth: int) -> tuple[str, int]:
        return self._tensor(operand.handle, operand.version, depth)

    def _tensor(self, handle: Handle, version: Version, depth: int) -> tuple[str, int]:
        """A tensor as text, and how closely its parts bind."""
        if isinstance(handle, View):
            return self._view(handle, version, depth)
        record = version.origin
        if record is None:
            return self._names.get(id(handle.cell), CUT), _ATOM
        text = self._call(record, record.args, depth)
        products = [product and product() for product in record.products]
        several = len(products) > 1 and version in products
        return (f"{self._closed(text)}[{products.index(version)}]", _ATOM) if several else text

    def _view(self, view: View, version: Version, depth: int) -> tuple[str, int]:
        """A view of what the viewed tensor is now."""
        record = view.record
        name = _name_of(record.func)
        if name in _SAME:
            return self._tensor(view.parent, version, depth)
        if depth <= 0:
            return CUT, _ATOM
        viewed = self._tensor(view.parent, version, depth - (name not in ("select", "slice", "unbind")))
        index = _index(record, view.index, lambda value: self._number_in_index(value, depth - 1))
        if index is not None:
            return _indexed(self._closed(viewed), index), _ATOM
        text = self._written(record, [viewed, *self._arguments(record.args[1:], depth)])
        return (f"{text[0]}[{view.index}]", _ATOM) if name in ("split", "chunk", "split_with_sizes", "unbind") else text

    def _call(self, record: Record, args: tuple[Any, ...], depth: int) -> tuple[str, int]:
        if _name_of(record.func) in _SAME and record.operands:
            return self._operand(record.operands[0], depth)
        if depth <= 0:
            return CUT, _ATOM
        return self._written(record, self._arguments(args, depth))

    def _written(self, record: Record, args: list[tuple[str, int]]) -> tuple[str, int]:
        """The call of an operator, with arguments that are written."""
        name = _name_of(record.func)
        if name in _INFIX and len(args) == 2 and not record.kwargs:
            sign, level = _INFIX[name]
            left, right = args
            loose = level == _INFIX["gt"][1]  # comparisons do not stand beside each other without parentheses
            return f"{_at(left, level + loose)} {sign} {_at(right, level + 1)}", level
        if name in _PREFIX and len(args) == 1:
            return f"{_PREFIX[name]}{_at(args[0], _UNARY)}", _UNARY
        named = [f"{key}={_plain(value)}" for key, value in record.kwargs.items() if value is not None]
        if name == "_to_copy":
            return f"{self._closed(args[0])}.to({', '.join(text.partition('=')[2] for text in named)})", _ATOM
        if name == "index" and len(args) == 2:
            return f"{self._closed(args[0])}{args[1][0].replace('None', ':')}", _ATOM
        texts = [text for text, _ in args]
        first = record.args[0] if record.args else None
        if (
            getattr(record.func, "namespace", "") == "aten"
            and isinstance(first, Operand)
            and hasattr(torch.Tensor, name)
        ):
            return f"{self._closed(args[0])}.{name}({', '.join([*texts[1:], *named])})", _ATOM
        return f"{_function(record.func, name)}({', '.join([*texts, *named])})", _ATOM

    def _arguments(self, args: tuple[Any, ...], depth: int) -> list[tuple[str, int]]:
        return [self._argument(value, depth - 1) for value in args]

    def _argument(self, value: Any, depth: int) -> tuple[str, int]:
        if isinstance(value, Operand):
            return self._operand(value, depth)
        if isinstance(value, SYMBOLIC):
            return self._symbolic(value, depth)
        if isinstance(value, (list, tuple)):
            items = [self._argument(each, depth)[0] for each in value[:MOST_ITEMS]]
            more = [CUT] if len(value) > MOST_ITEMS else []
            return f"[{', '.join([*items, *more])}]", _ATOM
        return (CUT if isinstance(value, Unknown) else _plain(value)), _ATOM

    def _symbolic(self, value: Any, depth: int) -> tuple[str, int]:
        """A symbolic number. One symbol is written by how it was made, a computation with several by its symbols."""
        expr = value.node.expr
        made = self._record_of(expr)
        if made is None:
            return str(expr), _ATOM if getattr(expr, "is_Atom", False) else _LEAST
        record, part = made
        return (self._number(record, part, depth) if depth > 0 else CUT), _ATOM

    def _number_in_index(self, value: Any, depth: int) -> str:
        return self._symbolic(value, depth)[0] if isinstance(value, SYMBOLIC) else _plain(value)

    def _closed(self, text: tuple[str, int]) -> str:
        return _at(text, _ATOM)


def _truth_read(record: Record) -> Operand | None:
    """The tensor that is true or false; a trace reads it as `condition != 0`."""
    operand = record.operands[0] if record.operands else None
    origin = operand.version.origin if operand is not None and not isinstance(operand.handle, View) else None
    if origin is not None and _name_of(origin.func) == "ne" and origin.args[1:] == (0,):
        inner = origin.operands[0].version.origin
        if inner is not None and _name_of(inner.func) in _TRUTHS:
            return origin.operands[0]
    return operand


def _at(text: tuple[str, int], level: int) -> str:
    """The text as an operand of something that binds as closely as `level`."""
    return text[0] if text[1] >= level else f"({text[0]})"


def _name_of(func: Any) -> str:
    """`sum` of `aten.sum.dim_IntList`, and of anything else its name."""
    return str(getattr(func, "_schema", func).name).rpartition("::")[2] if hasattr(func, "_schema") else str(func)


def _function(func: Any, name: str) -> str:
    """The function to call for an operator that is no method."""
    namespace = getattr(func, "namespace", "")
    if namespace != "aten":
        return f"{namespace}.{name}" if namespace else name
    return f"F.{name}" if hasattr(torch.nn.functional, name) and not hasattr(torch, name) else f"torch.{name}"


def _index(record: Record, output: int, written: Callable[[Any], str]) -> str | None:
    """What stands between brackets for views that indexing makes; None for other views."""
    name, args = _name_of(record.func), record.args
    if name == "unbind" and args[1:] in ((), (0,)):
        return str(output)
    dim = args[1] if len(args) > 1 else 0
    if not isinstance(dim, int) or dim < 0:
        return None
    whole = ":, " * dim
    if name == "select":
        return whole + written(args[2])
    if name == "slice" and len(args) <= 4:
        start, end = (*args[2:4], None, None)[:2]
        last = "" if end is None or (isinstance(end, int) and end >= 2**62) else written(end)
        return f"{whole}{'' if start in (None, 0) else written(start)}:{last}"
    return None


def _indexed(text: str, index: str) -> str:
    """`x[0, 1]` for `x[0]` and `1`: an index after a plain one continues it."""
    if index == ":":
        return text
    before = text.rpartition("[")[2]
    return (
        f"{text[:-1]}, {index}]" if text.endswith("]") and before[:-1].isdigit() and "[" in text else f"{text}[{index}]"
    )


def _plain(value: Any) -> str:
    """A plain argument. A symbolic number inside of an index is written by its name."""
    if isinstance(value, SYMBOLIC):
        return str(value.node.expr)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_plain, value[:MOST_ITEMS]))}{', …' if len(value) > MOST_ITEMS else ''}]"
    return str(value) if isinstance(value, (torch.dtype, torch.device, torch.layout)) else repr(value)[:LONGEST]
