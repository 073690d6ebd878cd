"""Prints symbolic expressions as Python code of the user, with each symbol replaced by the code that created it.

A trace has `u0 > s1` where the user wrote `lens.max().item() > ids.shape[1]`. The text of a symbol is the source
between the columns of the instruction that created it. If this text may not evaluate to the symbol's number (a C
function read the number internally), the symbol keeps its name.
"""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from torchdraft.model.events import Frame, ObservedTensor, SymbolOrigin

from ..code.bytecode import span, tests_truth
from .expression_text import is_expression, text_of

Origins = Mapping[str, SymbolOrigin | str]
"""Symbol → its origin, or a description of it."""

FLOAT = "zuf"
"""Prefix of the names of symbols for floats read from a tensor."""
READS = frozenset(
    {"item", "tolist", "__int__", "__float__", "__bool__", "__index__", "equal", "allclose", "is_nonzero"}
)
"""Methods and functions that return the number read."""
CONVERSIONS = frozenset({"int", "float", "bool", "index"})
_READ_INSIDE = {"one_hot": "max().item()"}
"""Functions of torch that read a number from their only argument → the read."""
_SCALAR_READS = ("item", "_local_scalar_dense")


def in_user_terms(expr: Any, origins: Origins, captured: Mapping[str, Any] = MappingProxyType({})) -> str:
    """A symbolic condition or number as Python. `captured` has the locals on its line. Text is returned unchanged."""
    if not is_expression(expr):
        return str(expr)
    names = {name: code for name, origin in origins.items() if (code := code_of(origin)) is not None}
    return _printed(expr, tuple((names | _named_by_locals(origins.keys() - names.keys(), captured)).items()))


@lru_cache(maxsize=4096)
def _printed(expr: Any, names: tuple[tuple[str, SymbolCode], ...]) -> str:
    """An expression as Python. A model asks the same in many places and turns of a loop."""
    from .printer import PythonPrinter

    return PythonPrinter(dict(names)).doprint(expr)


def _named_by_locals(symbols: Iterable[str], captured: Mapping[str, Any]) -> dict[str, SymbolCode]:
    """Code for symbols that are the value or a size of a local on the line: `n`, `rows.shape[0]`."""
    found: dict[str, SymbolCode] = {}
    for name, value in captured.items():
        if isinstance(value, ObservedTensor):
            places = {text_of(size): f"{name}.shape[{index}]" for index, size in enumerate(value.shape)}
        else:
            places = {text_of(value): name}
        found.update({symbol: SymbolCode(places[symbol]) for symbol in symbols if symbol in places})
    return found


def describe_origin(symbol: str, origin: SymbolOrigin | str) -> str:
    """Describe the origin of a symbol: `x.item() at m.py:12`."""
    if isinstance(origin, str):
        return origin
    if origin.input or not origin.stack:
        return origin.input or origin.op or "?"
    code, line, _ = origin.stack[-1]
    where = f"at {os.path.basename(code.co_filename)}:{line}"
    if origin.computed:
        return f"{origin.computed} {where}"
    if (known := _code_at(origin, origin.stack[-1])) is not None:
        return f"{known.alone(symbol)} {where}"
    if origin.inside is not None and (known := _code_at(origin, origin.inside)) is not None:
        return f"{known.alone(symbol)} in {place_in_torch(origin.inside)}, called {where}"
    segment = source_of(origin.stack[-1])
    what = f"{_kind(origin)} {origin.op}" + (f" in `{segment}`" if segment else "")
    return f"{what} {where}" if origin.inside is None else f"{what}, at {place_in_torch(origin.inside)}, called {where}"


def place_in_torch(frame: Frame) -> str:
    """`torch/distributions/distribution.py:71`."""
    code, line, _ = frame
    folders = code.co_filename.replace(os.sep, "/").rpartition("/torch/")
    return f"{'torch/' if folders[1] else ''}{folders[2]}:{line}"


def _kind(origin: SymbolOrigin) -> str:
    return "a truth value of" if origin.truth else "a size of" if "shape" in origin.part else "a number of"


@dataclass(frozen=True)
class SymbolCode:
    """The code that evaluates to a symbol."""

    text: str
    truth: bool = False
    """Whether the code is a truth value; the symbol is then 1 or 0."""
    of: str = ""
    """The argument if the code is `int(…)`: a symbol for a float is the argument, one for an int is the whole call."""

    def alone(self, symbol: str) -> str:
        """The text if the symbol is the whole expression."""
        return self.of if self.of and symbol.startswith(FLOAT) else self.text

    @cached_property
    def operand(self) -> str:
        """The text if the symbol is an operand, in parentheses if needed."""
        if self.of:
            return self.text
        node = _expression(self.text.replace("…", "_"))  # stands for what a computed text leaves out
        return self.text if isinstance(node, _ATOMS) else f"({self.text})"


_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant)


def code_of(origin: SymbolOrigin | str) -> SymbolCode | None:
    """The code that evaluates to the symbol, or None if it is not known."""
    return None if isinstance(origin, str) else _code_of(_SameOrigin(origin))


class _SameOrigin:
    """An origin as a key of a cache: comparing the code objects of its stack would take longer than the search."""

    __slots__ = ("origin",)

    def __init__(self, origin: SymbolOrigin) -> None:
        self.origin = origin

    def __hash__(self) -> int:
        return id(self.origin)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameOrigin) and self.origin is other.origin


@lru_cache(maxsize=4096)
def _code_of(same: _SameOrigin) -> SymbolCode | None:
    origin = same.origin
    if origin.input:
        return SymbolCode(origin.input)
    if origin.computed:
        return SymbolCode(origin.computed, truth=origin.truth)
    found = _code_at(origin, origin.stack[-1]) if origin.stack else None
    if found is None and origin.inside is not None:
        return _code_at(origin, origin.inside)
    return found


def _code_at(origin: SymbolOrigin, frame: Frame) -> SymbolCode | None:
    """The code that evaluates to the symbol, if it is the expression that `frame` computes."""
    segment = source_of(frame)
    node = _expression(segment)
    if node is None:
        return None
    read = origin.op.split(".")[1:2] or [origin.op]
    if read[0] in _SCALAR_READS:
        return _code_of_read(origin, frame, segment, node)
    certain = isinstance(node, ast.Subscript) or read[0].strip("_0123456789") in segment
    return SymbolCode(segment + origin.part) if certain and origin.part.startswith(".") else None


def _code_of_read(origin: SymbolOrigin, frame: Frame, segment: str, node: ast.expr) -> SymbolCode | None:
    """The code of one number read from a tensor at an instruction."""
    code, _, instruction = frame
    if tests_truth(code, instruction):
        chained = isinstance(node, ast.Compare) and len(node.ops) > 1  # which of its comparisons is unknown
        return None if chained else SymbolCode(segment, truth=origin.truth)
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name == "cond" and node.args:
        return SymbolCode(ast.unparse(node.args[0]), truth=origin.truth)
    if name in CONVERSIONS and len(node.args) == 1:
        return SymbolCode(segment, truth=origin.truth, of=ast.unparse(node.args[0]) if name == "int" else "")
    if name in _READ_INSIDE and len(node.args) == 1 and not node.keywords:
        of = ast.unparse(node.args[0])
        return SymbolCode(f"{of if isinstance(node.args[0], _ATOMS) else f'({of})'}.{_READ_INSIDE[name]}")
    part = origin.part if name == "tolist" else ""
    return SymbolCode(segment + part, truth=origin.truth) if name in READS else None


def has_source(frame: Frame) -> bool:
    """Whether the line of a frame can be read. It cannot in code of `exec`, a shell or `python -c`."""
    code, line, _ = frame
    return bool(linecache.getline(code.co_filename, line))


def source_of(frame: Frame) -> str:
    """The source of the expression that a frame's instruction computes, on one line; empty if it is unknown."""
    code, _, instruction = frame
    first, last, start, end = span(code, instruction)
    if first is None or last is None or start is None or end is None:
        return ""
    lines = [linecache.getline(code.co_filename, n).encode() for n in range(first, last + 1)]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    text = "\n".join(line.decode(errors="replace") for line in lines)
    return text if first == last else _on_one_line(text)


def _on_one_line(text: str) -> str:
    node = _expression(f"({text})")  # in parentheses, a line break is allowed anywhere
    return " ".join(text.split()) if node is None else ast.unparse(node)


@lru_cache(4096)
def _expression(text: str) -> ast.expr | None:
    """The syntax tree of an expression, which nobody changes: thousands of guards name the same few."""
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
