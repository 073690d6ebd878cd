"""Expressions as the user would write them: each symbol as the code that made it.

A trace speaks of `u0 > s1`; the user wrote `lens.max().item() > ids.shape[1]`. The text between the columns of the
instruction at which a symbol was born is what it is called here. Where that text is not certain to be the number (a
function of C read it somewhere inside), the symbol keeps its name.
"""

from __future__ import annotations

import ast
import linecache
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from torchdraft.model.events import Frame, SeenTensor, SymbolOrigin

from .bytecode import asks_for_truth, span

Born = Mapping[str, SymbolOrigin | str]
"""Symbol → where it comes from; a text where somebody has put it in words."""

FLOAT = "zuf"
"""How the names of symbols begin that stand for a float read out of a tensor."""
READS = frozenset(
    {"item", "tolist", "__int__", "__float__", "__bool__", "__index__", "equal", "allclose", "is_nonzero"}
)
"""Methods and functions whose value is the number read."""
CONVERSIONS = frozenset({"int", "float", "bool", "index"})
_READ_INSIDE = {"one_hot": "max().item()"}
"""Functions of torch that read a number of their one argument."""
_SCALAR_READS = ("item", "_local_scalar_dense")


def in_user_terms(expr: Any, born: Born, captured: Mapping[str, Any] = MappingProxyType({})) -> str:
    """A condition or number of the trace, as Python. `captured` are the locals on its line. A text stays as it is."""
    if not hasattr(expr, "free_symbols"):
        return str(expr)
    from .printer import PythonPrinter

    names = {name: words for name, birth in born.items() if (words := words_for(birth)) is not None}
    return PythonPrinter(names | _named_by_locals(born.keys() - names.keys(), captured)).doprint(expr)


def _named_by_locals(symbols: Iterable[str], captured: Mapping[str, Any]) -> dict[str, Words]:
    """Symbols that a local on the line is, or is the size of: `n`, `rows.shape[0]`."""
    found: dict[str, Words] = {}
    for name, value in captured.items():
        sizes = value.shape if isinstance(value, SeenTensor) else ()
        places = {str(value): name} | {str(size): f"{name}.shape[{index}]" for index, size in enumerate(sizes)}
        found.update({symbol: Words(places[symbol]) for symbol in symbols if symbol in places})
    return found


def describe_origin(symbol: str, birth: SymbolOrigin | str) -> str:
    """Where a symbol comes from: `x.item() at m.py:12`."""
    if isinstance(birth, str):
        return birth
    if birth.input or not birth.stack:
        return birth.input or birth.op or "?"
    code, line, _ = birth.stack[-1]
    words, segment = words_for(birth), source_of(birth.stack[-1])
    what = words.alone(symbol) if words else f"{_kind(birth)} {birth.op}" + (f" in `{segment}`" if segment else "")
    return f"{what} at {os.path.basename(code.co_filename)}:{line}"


def _kind(birth: SymbolOrigin) -> str:
    return "a truth value of" if birth.truth else "a size of" if "shape" in birth.part else "a number of"


@dataclass(frozen=True)
class Words:
    """What a symbol is called."""

    text: str
    truth: bool = False
    """Whether it stands for a truth value: the symbol is then 1 or 0."""
    of: str = ""
    """What stands in the brackets of `int(…)`: a symbol for a float is that, one for an int the whole."""

    def alone(self, symbol: str) -> str:
        """The text where nothing stands around the symbol."""
        return self.of if self.of and symbol.startswith(FLOAT) else self.text

    @cached_property
    def operand(self) -> str:
        """The text where it stands among operators."""
        if self.of:
            return self.text
        node = _expression(self.text)
        return self.text if isinstance(node, _ATOMS) else f"({self.text})"


_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant)


def words_for(birth: SymbolOrigin | str) -> Words | None:
    """The text that is the symbol's number, None where it is not known."""
    if isinstance(birth, str):
        return None
    if birth.input:
        return Words(birth.input)
    segment = source_of(birth.stack[-1]) if birth.stack else ""
    node = _expression(segment)
    if node is None:
        return None
    read = birth.op.split(".")[1:2] or [birth.op]
    if read[0] in _SCALAR_READS:
        return _words_for_read(birth, segment, node)
    sure = isinstance(node, ast.Subscript) or read[0].strip("_0123456789") in segment
    return Words(segment + birth.part) if sure and birth.part.startswith(".") else None


def _words_for_read(birth: SymbolOrigin, segment: str, node: ast.expr) -> Words | None:
    """Words for one number read out of a tensor at an instruction."""
    code, _, instruction = birth.stack[-1]
    if asks_for_truth(code, instruction):
        chained = isinstance(node, ast.Compare) and len(node.ops) > 1  # one of its comparisons, nobody knows which
        return None if chained else Words(segment, truth=birth.truth)
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name == "cond" and node.args:
        return Words(ast.unparse(node.args[0]), truth=birth.truth)
    if name in CONVERSIONS and len(node.args) == 1:
        return Words(segment, truth=birth.truth, of=ast.unparse(node.args[0]) if name == "int" else "")
    if name in _READ_INSIDE and len(node.args) == 1 and not node.keywords:
        of = ast.unparse(node.args[0])
        return Words(f"{of if isinstance(node.args[0], _ATOMS) else f'({of})'}.{_READ_INSIDE[name]}")
    part = birth.part if name == "tolist" else ""
    return Words(segment + part, truth=birth.truth) if name in READS else None


def source_of(frame: Frame) -> str:
    """The text of the expression that a frame's instruction stands for, on one line; empty where nobody knows."""
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
    node = _expression(f"({text})")  # inside brackets a line may end anywhere
    return " ".join(text.split()) if node is None else ast.unparse(node)


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
