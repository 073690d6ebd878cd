"""A branch of Python code, rewritten as `torch.cond` with the names of the line itself."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from torchdraft._source.syntax import parsed
from torchdraft.model import Location

Function = ast.FunctionDef | ast.AsyncFunctionDef


def branch_as_cond(location: Location) -> str:
    """The code for the `if` at a line; empty where it is no plain choice between two values.

    Plain are `if c: y = a` with or without `else: y = b`, and `if c: return a` with `else: return b` or a `return b`
    right behind it. Both sides take the same names as operands, and a side that is an operand itself is a copy of it,
    as `torch.cond` requires.
    """
    tree = parsed(location.file)
    found = _branches(tree).get(location.line) if tree is not None else None
    if found is None:
        return ""
    function, block, position = found
    statement = block[position]
    assert isinstance(statement, ast.If)
    return _rewritten(function, statement, block[position + 1 :])


Branch = tuple[Function, Sequence[ast.stmt], int]
"""An `if`: the outermost function that it is in, the statements that it is one of, and its place among them."""


@lru_cache(64)
def _branches(tree: ast.Module) -> Mapping[int, Branch]:
    """The first `if` at each line of a file. It is made once: a search for each issue would outlast the trace."""
    found: dict[int, Branch] = {}
    for function in _outermost_functions(tree):
        for block in _blocks(function):
            for position, statement in enumerate(block):
                if isinstance(statement, ast.If):
                    for line in range(statement.lineno, (statement.test.end_lineno or statement.lineno) + 1):
                        found.setdefault(line, (function, block, position))
    return found


def _outermost_functions(tree: ast.Module) -> Iterator[Function]:
    inner: set[Function] = set()
    for node in ast.walk(tree):  # breadth first, outer functions before those in them
        if isinstance(node, Function) and node not in inner:
            inner.update(below for below in ast.walk(node) if isinstance(below, Function))
            yield node


def _blocks(function: Function) -> Iterator[Sequence[ast.stmt]]:
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            if isinstance(block := getattr(node, name, None), list):
                yield block


def _rewritten(function: Function, statement: ast.If, after: Sequence[ast.stmt]) -> str:
    if len(statement.body) != 1 or len(statement.orelse) > 1:
        return ""
    one = statement.body[0]
    other = statement.orelse[0] if statement.orelse else None
    if isinstance(one, ast.Return):
        other = other or (after[0] if after else None)
        if one.value is None or not isinstance(other, ast.Return) or other.value is None:
            return ""
        return _cond(function, "return ", statement.test, one.value, other.value)
    target = _target(one)
    if not isinstance(one, ast.Assign) or target is None or (other is not None and _target(other) != target):
        return ""
    otherwise = other.value if isinstance(other, ast.Assign) else ast.Name(target)
    return _cond(function, f"{target} = ", statement.test, one.value, otherwise)


def _target(statement: ast.stmt) -> str | None:
    """The one name to which a statement assigns."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None


def _cond(function: Function, before: str, test: ast.expr, one: ast.expr, other: ast.expr) -> str:
    if isinstance(one, ast.Constant) or isinstance(other, ast.Constant) or not _is_one_tensor(test):
        return ""
    local = _local_names(function)
    names = [name for side in (one, other) for name in _names(side)]
    operands = [name for name in dict.fromkeys(names) if name in local and name != "self"]
    if not operands:
        return ""
    listed = ", ".join(operands)
    sides = ", ".join(f"lambda {listed}: {_side(side, operands)}" for side in (one, other))
    return f"{before}torch.cond({ast.unparse(test)}, {sides}, ({listed}{',' if len(operands) == 1 else ''}))"


def _is_one_tensor(test: ast.expr) -> bool:
    """Whether nothing in a condition asks for a truth value, as `and`, `not`, `in` and chains of comparisons do."""
    asking = (ast.BoolOp, ast.Not, ast.IfExp, ast.NamedExpr, ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.Await)
    nodes = list(ast.walk(test))
    chains = any(isinstance(node, ast.Compare) and len(node.ops) > 1 for node in nodes)
    return not chains and not any(isinstance(node, asking) for node in nodes)


def _side(side: ast.expr, operands: Sequence[str]) -> str:
    text = ast.unparse(side)
    return f"{text}.clone()" if text in operands else text


def _names(node: ast.AST) -> list[str]:
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]


@lru_cache(256)
def _local_names(function: Function) -> frozenset[str]:
    """The parameters of a function and the names it assigns, other than those of builtins."""
    parameters = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return frozenset(parameters | stored) - set(dir(builtins))
