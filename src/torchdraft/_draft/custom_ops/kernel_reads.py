"""Keeps a fake kernel from fixing a size: what it reads as a number would become a guard of the program.

`int(x.shape[0])` in a kernel specializes the whole program to the example's size, although the operator may accept
every size, and so does `if x.shape[0] == 6`. While a kernel runs that the real one can replace, such a read raises
`SizeFixed`. A condition that the kernel requires (`torch._check(x.shape[0] == 3)`) is a guard as usual.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sympy
import torch

from torchdraft._source.locations import is_framework, user_frames_of
from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.pytree import tree_map
from torchdraft._torch.symbolic.fake import FakeTensorMode
from torchdraft._torch.symbolic.shapes import ShapeEnv

from .fresh_symbols import expression

if TYPE_CHECKING:
    from torchdraft.model import Location

    from .op_call import OpCall


class SizeFixed(RuntimeError):
    """A fake kernel asked for the number that a symbolic size is on the example."""

    def __init__(self, expr: Any) -> None:
        super().__init__(f"the fake kernel needs {expr} as a number")
        self.expr = expr

    @property
    def is_condition(self) -> bool:
        """Whether the kernel compared a size with a number, and found them equal."""
        return isinstance(self.expr, (sympy.Eq, sympy.Ne))


class DataRead(RuntimeError):
    """The parts of a composite operator read a number from a tensor."""


@contextmanager
def sizes_kept_symbolic(env: Any, func: Any, required: Collection[Any] = ()) -> Iterator[None]:
    """A block in which the fake kernel of `func` cannot fix a size, except by the conditions `required`.

    An operator that returns a list is left alone: the length of the list is a number, whatever it depends on.
    """

    def refuse(expr: Any) -> None:
        if expr not in required:
            raise SizeFixed(expr)

    before, env.refuse_number = env.refuse_number, None if _returns_list(func) else refuse
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


def _returns_list(func: Any) -> bool:
    return any(str(result.type).startswith("List[Tensor") for result in func._schema.returns)


def is_required(call: OpCall, error: SizeFixed) -> bool:
    """Whether the kernel raises where the condition does not hold: on the same call with other sizes."""
    (symbol,) = error.expr.free_symbols
    values = dict(call.env.backed_var_to_val)
    now = int(values[symbol])
    for other in (now + 1, now + 2, 2 * now, 3 * now + 1):
        values[symbol] = sympy.Integer(other)
        try:
            with outside_modes(), FakeTensorMode(shape_env=ShapeEnv()) as mode:
                call.func(*_with_sizes(call.args, values, mode), **_with_sizes(call.kwargs, values, mode))
        except Exception:  # the kernel does not serve this size
            continue
        return False
    return True


def _with_sizes(value: Any, values: Any, mode: Any) -> Any:
    """Arguments with numbers for symbols. Raises `TypeError` for a symbol without a number."""

    def number(size: Any) -> Any:
        expr = expression(size)
        return int(expr.xreplace(values)) if isinstance(expr, sympy.Expr) else size

    def changed(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor):
            with mode:
                return torch.empty([number(size) for size in leaf.shape], dtype=leaf.dtype, device=leaf.device)
        return number(leaf)

    return tree_map(changed, value)


def what_is_fixed(call: OpCall, error: SizeFixed) -> tuple[str, str]:
    """What a kernel fixes, and where; and its line without that, which is empty where it is not known."""
    expr = next(iter(error.expr.free_symbols)) if error.is_condition else error.expr
    size = f"`{_in_terms_of_arguments(call, expr)}`"
    value = expr.xreplace(call.env.backed_var_to_val)
    fixed = f"it fixes {size} to the example's {value}" if value.is_number else f"it needs {size} as a number"
    frames = user_frames_of(error) if error.__traceback__ is not None else ()
    if not frames or not frames[-1].source or is_framework(frames[-1].file):  # a kernel in C++
        return fixed, ""
    place = frames[-1]
    name = place.file.replace("\\", "/").rpartition("/")[2]
    return f"{fixed} at {name}:{place.line}: `{place.source.strip()}`", (
        "" if error.is_condition else symbolic_line(place)
    )


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
