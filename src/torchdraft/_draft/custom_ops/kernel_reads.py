"""Keeps a fake kernel from fixing a size: what it reads as a number would become a guard of the program.

`int(x.shape[0])` in a kernel specializes the whole program to the example's size, although the operator may accept
every size. While a kernel runs that the real one can replace, such a read raises `SizeFixed`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._source.locations import is_framework, user_frames_of

from .fresh_symbols import expression

if TYPE_CHECKING:
    from torchdraft.model import Location

    from .op_call import OpCall


class SizeFixed(RuntimeError):
    """A fake kernel asked for the number that a symbolic size is on the example."""

    def __init__(self, expr: Any) -> None:
        super().__init__(f"the fake kernel needs {expr} as a number")
        self.expr = expr


class DataRead(RuntimeError):
    """The parts of a composite operator read a number from a tensor."""


@contextmanager
def sizes_kept_symbolic(env: Any, func: Any) -> Iterator[None]:
    """A block in which the fake kernel of `func` cannot fix a size.

    An operator that returns a list is left alone: the length of the list is a number, whatever it depends on.
    """
    before, env.refuse_number = env.refuse_number, None if _returns_list(func) else _refuse
    try:
        yield
    finally:
        env.refuse_number = before


@contextmanager
def reads_refused(env: Any, func: Any) -> Iterator[None]:
    """A block in which the parts of `func` can neither fix a size nor decide anything by data."""
    before, env.refuse_data = env.refuse_data, True
    try:
        with sizes_kept_symbolic(env, func):
            yield
    finally:
        env.refuse_data = before


def _refuse(expr: Any) -> None:
    raise SizeFixed(expr)


def _returns_list(func: Any) -> bool:
    return any(str(result.type).startswith("List[Tensor") for result in func._schema.returns)


def what_is_fixed(call: OpCall, error: SizeFixed) -> tuple[str, str]:
    """What a kernel fixes, and where; and its line without that, which is empty where it is not known."""
    size = f"`{_in_terms_of_arguments(call, error.expr)}`"
    value = error.expr.xreplace(call.env.backed_var_to_val)
    fixed = f"it fixes {size} to the example's {value}" if value.is_number else f"it needs {size} as a number"
    frames = user_frames_of(error) if error.__traceback__ is not None else ()
    if not frames or not frames[-1].source or is_framework(frames[-1].file):  # a kernel in C++
        return fixed, ""
    place = frames[-1]
    name = place.file.replace("\\", "/").rpartition("/")[2]
    return f"{fixed} at {name}:{place.line}: `{place.source.strip()}`", symbolic_line(place)


def symbolic_line(place: Location) -> str:
    """The line of a kernel without the conversion to a number that it makes; empty where it makes none."""
    text = place.source.strip()
    try:
        tree = ast.parse(text if not text.endswith(":") else f"{text} pass")
    except SyntaxError:
        return ""
    start = len(place.source) - len(place.source.lstrip())
    marked = None if place.column is None else (place.column - start, (place.end_column or 0) - start)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
            continue
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in _CONVERSIONS and marked in (None, (node.col_offset, node.end_col_offset)):
            inner = _whole_number(text, node.args[0])
            return f"{text[: node.col_offset]}{inner}{text[node.end_col_offset :]}"
    return ""


def _whole_number(text: str, argument: ast.expr) -> str:
    """The argument of a conversion as it stands, and a quotient as that of `//`."""
    if isinstance(argument, ast.BinOp) and isinstance(argument.op, ast.Div):
        sides = [ast.get_source_segment(text, side) for side in (argument.left, argument.right)]
        return " // ".join(side or "" for side in sides)
    return ast.get_source_segment(text, argument) or ""


_CONVERSIONS = {"int", "float", "guard_int", "index"}
"""Functions that make a number of a symbol."""


def _in_terms_of_arguments(call: OpCall, expr: Any) -> str:
    """An expression with the sizes of the operator's arguments in place of symbols: `x.shape[0]`."""
    names: dict[str, str] = {}
    given = {**dict(zip((a.name for a in call.func._schema.arguments), call.args, strict=False)), **call.kwargs}
    for name, value in given.items():
        listed = value if isinstance(value, (list, tuple)) else [value]
        for index, each in enumerate(listed):
            place = name if listed is not value else f"{name}[{index}]"
            sizes = each.shape if isinstance(each, torch.Tensor) else ()
            for dim, size in enumerate(sizes):
                names.setdefault(str(expression(size)), f"{place}.shape[{dim}]")
            if isinstance(each, torch.SymInt):
                names.setdefault(str(expression(each)), place)
    if str(expr) in names:
        return names[str(expr)]
    text = str(expr)
    for symbol in sorted(map(str, expr.free_symbols), key=len, reverse=True):
        text = text.replace(symbol, names.get(symbol, symbol))
    return text
