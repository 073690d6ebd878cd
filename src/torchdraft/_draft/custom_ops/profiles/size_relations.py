"""Sizes of an operator's outputs in terms of its arguments, as text: `x.shape[0] + 2 * padding`.

The text is Python with the names of the arguments, `+ - * // %`, `min` and `max`. It comes from files, and is evaluated
without `eval`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch

_OPERATIONS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {"min": torch.sym_min, "max": torch.sym_max}
EXPECTED = "an expression such as `x.shape[0] + 2 * k`, of arguments, + - * // %, min and max"


def check_relation(relation: str | int) -> None:
    """Raises `ValueError` where the text is no such expression."""
    if isinstance(relation, bool) or not isinstance(relation, (str, int)):
        raise ValueError(f"the size {relation!r}: expected a whole number or {EXPECTED}")
    if isinstance(relation, str):
        _parsed(relation)


def evaluate(relation: str | int, arguments: Mapping[str, Any]) -> Any:
    """The size for these arguments, which may be symbolic. Raises `ValueError` where it names something else."""
    if isinstance(relation, int):
        return relation
    try:
        return _value(_parsed(relation), arguments)
    except (KeyError, IndexError, AttributeError, TypeError) as error:
        raise ValueError(f"the size `{relation}` cannot be computed from {sorted(arguments)}: {error}") from error


@cache
def _parsed(relation: str) -> ast.expr:
    try:
        tree = ast.parse(relation, mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"the size {relation!r}: expected {EXPECTED}") from None
    if not _is_allowed(tree):
        raise ValueError(f"the size {relation!r}: expected {EXPECTED}")
    return tree


def _is_allowed(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return type(value) is int
        case ast.Name():
            return True
        case ast.BinOp(op=op, left=left, right=right):
            return type(op) in _OPERATIONS and _is_allowed(left) and _is_allowed(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_allowed(operand)
        case ast.Subscript(value=ast.Attribute(value=inner, attr="shape"), slice=index):
            return _is_element(inner) and _is_index(index)
        case ast.Subscript():
            return _is_element(node)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return name in _FUNCTIONS and len(args) == 2 and all(map(_is_allowed, args))
    return False


def _is_element(node: ast.expr) -> bool:
    """Whether a node is an argument, or an element of a list of them."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and _is_index(node.slice)
    return isinstance(node, ast.Name)


def _is_index(node: ast.expr) -> bool:
    number = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    return isinstance(number, ast.Constant) and type(number.value) is int


def _value(node: ast.expr, arguments: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return arguments[name]
        case ast.BinOp(op=op, left=left, right=right):
            return _OPERATIONS[type(op)](_value(left, arguments), _value(right, arguments))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, arguments)
        case ast.Attribute(value=inner):
            return _value(inner, arguments).shape
        case ast.Subscript(value=inner, slice=index):
            return _value(inner, arguments)[_value(index, arguments)]
        case ast.Call(func=ast.Name(id=name), args=args):
            return _FUNCTIONS[name](*(_value(each, arguments) for each in args))
    raise ValueError(f"no size: {ast.unparse(node)}")
