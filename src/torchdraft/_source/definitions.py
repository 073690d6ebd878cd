"""Finds lines in the user's source for events without a stack: a parameter, a `return`, a write to a name.

The search is done after the trace, for reported events only. A function without source is located at its first line.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any

from torchdraft.model.events import Frame

from .code.functions import plain_function
from .code.per_code import cached_per_code
from .syntax import parsed

NO_INSTRUCTION = 1 << 30
"""The instruction of a frame whose instruction is unknown."""

MUTATING_METHODS = frozenset(
    {"append", "extend", "insert", "add", "update", "setdefault", "appendleft", "put", "__setitem__", "pop", "clear"}
)
"""Methods that mutate the container on which they are called."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def parameter(function: Any, name: str = "") -> tuple[Frame, ...]:
    """The line of the parameter `name` of `function`; the `def` line if it has no such parameter."""
    code = _code_of(function)
    node = _definition(code) if code is not None else None
    if code is None:
        return ()
    if node is None:
        return ((code, code.co_firstlineno, NO_INSTRUCTION),)
    args = node.args
    named = [a for a in (*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg) if a]
    line = next((a.lineno for a in named if a.arg == name), node.lineno)
    return ((code, line, NO_INSTRUCTION),)


def returning(function: Any, mentions: str = "") -> tuple[Frame, ...]:
    """The line on which `function` returns. Of several, the first that contains `mentions`, or else the last."""
    code = _code_of(function)
    node = _definition(code) if code is not None else None
    found = [r for r in _own(node) if isinstance(r, ast.Return) and r.value is not None] if node else []
    if code is None or not found:
        return parameter(function)
    matching = [r for r in found if mentions and mentions in ast.unparse(r)]
    chosen = (matching or found[-1:])[0]
    assert chosen.value is not None
    return (_frame(code, chosen.value),)


def writing(codes: Iterable[CodeType], writes: Callable[[ast.AST], ast.AST | None]) -> tuple[Frame, ...]:
    """The first line of `codes` with a node for which `writes` returns the part of it that is the write."""
    for code in codes:
        node = _definition(code)
        for inner in _own(node) if node is not None else ():
            if (write := writes(inner)) is not None:
                return (_frame(code, write),)
    return ()


def writes_to(name: str) -> Callable[[ast.AST], ast.AST | None]:
    """For `writing`: finds `name = …`, `owner.name = …`, `name[…] = …`, `name.append(…)`, `del name[…]` and similar
    writes, and `owner.register_buffer("name", …)`.
    """
    return lambda node: _write_to(node, lambda base: _refers_to(base, name)) or _registered(node, name)


def mentioning(name: str) -> Callable[[ast.AST], ast.AST | None]:
    """For `writing`: finds any use of the name."""
    return lambda node: node if _refers_to(node, name) else None


def _code_of(function: Any) -> CodeType | None:
    plain = plain_function(function)
    return None if plain is None else plain.__code__


@cached_per_code
def _definition(code: CodeType) -> Function | None:
    """The syntax tree of the function from which `code` was compiled."""
    tree = parsed(code.co_filename)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Lambda):
            name, first = "<lambda>", node.lineno
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            name, first = node.name, min([node.lineno, *[d.lineno for d in node.decorator_list]])
        else:
            continue
        if (name, first) == (code.co_name, code.co_firstlineno):
            return node
    return None


def _own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function's body in the order of the source, without those of inner functions."""
    waiting: list[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else [*reversed(function.body)]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _write_to(node: ast.AST, matches: Callable[[ast.AST], bool]) -> ast.AST | None:
    """The write in `node` to a target that `matches`, or None."""
    if isinstance(node, (ast.Assign, ast.Delete)):
        targets = node.targets
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For, ast.NamedExpr)):
        targets = [node.target]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node if node.func.attr in MUTATING_METHODS and matches(_container(node.func.value)) else None
    else:
        return None
    flat = [t for target in targets for t in (target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target])]
    return next((t for t in flat if matches(_container(t))), None)


def _registered(node: ast.AST, name: str) -> ast.AST | None:
    """`node` if it is a call that registers something under the name, given as a string; else None."""
    if not isinstance(node, ast.Call) or _function_name(node) not in _REGISTERING_FUNCTIONS:
        return None
    return node if any(isinstance(a, ast.Constant) and a.value == name for a in node.args) else None


def _function_name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


_REGISTERING_FUNCTIONS = (
    "register_buffer",
    "register_parameter",
    "register_module",
    "add_module",
    "setattr",
    "__setattr__",
)


def _refers_to(node: ast.AST, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


def _container(node: ast.AST) -> ast.AST:
    """The object that is subscripted: `history` of `history[0][1]`."""
    while isinstance(node, (ast.Subscript, ast.Starred)):
        node = node.value
    return node


def _frame(code: CodeType, node: Any) -> Frame:
    """The node as a frame: with the last instruction at its position, so that its columns are known."""
    place = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
    instructions = [2 * index for index, position in enumerate(code.co_positions()) if position == place]
    return code, node.lineno, instructions[-1] if instructions else NO_INSTRUCTION
