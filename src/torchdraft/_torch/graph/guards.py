"""The guards of a program on its inputs, which `program.module()` checks, as a graph."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..probe import need

_keystr: Any = need("torch.utils._pytree:keystr")
need("torch.export._unlift:GuardsFn")


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard of a program."""

    text: str
    """The condition, as its message says it: `x.size()[0] == 3`."""
    condition: Any
    """The node of the graph that computes it, or a plain bool; None where it cannot be traced."""


def guard_graph(program: torch.export.ExportedProgram) -> tuple[torch.fx.Graph, list[Guard]] | None:
    """A graph that takes the inputs of the program and computes each guard.

    None where there are no guards: the program has no inputs, or no example inputs. Called in the scope SHIP, in which
    the guards of `program.module()` are functions that can be called on proxies.
    """
    module = program.module()
    guards = getattr(module, "_guards_fn", None)
    if guards is None:
        return None
    graph = torch.fx.Graph()
    tracer = torch.fx.proxy.GraphAppendingTracer(graph)
    names = [node.name for node in module.graph.find_nodes(op="placeholder")]
    inputs = [torch.fx.Proxy(graph.placeholder(name), tracer) for name in names]
    return graph, [Guard(text, _traced(guard, inputs)) for text, guard in guards.separate]


def _traced(guard: Callable[..., Any], inputs: Sequence[torch.fx.Proxy]) -> Any:
    try:
        condition = guard(*inputs)
    except (torch.fx.proxy.TraceError, TypeError):
        return None
    return condition.node if isinstance(condition, torch.fx.Proxy) else condition


def separate_guards(codes: Sequence[str], paths: Sequence[Any]) -> list[tuple[str, Callable[..., Any]]]:
    """Text and function of each guard, for inputs at these paths. The functions use no operation of Python that asks a
    condition for its truth, so that they can be called on proxies.
    """
    return [(_with_names(code, paths), _function(code, paths)) for code in codes]


def _with_names(code: str, paths: Sequence[Any]) -> str:
    for path in paths:
        code = code.replace(f"L{_keystr(path)}", f"{path[0].key}{_keystr(path[1:])}")
    return ast.unparse(ast.parse(code.replace("\n", ""), mode="eval"))


def _function(code: str, paths: Sequence[Any]) -> Callable[..., Any]:
    for place, path in enumerate(paths):
        code = code.replace(f"L{_keystr(path)}", f"args[{place}]")
    tree = ast.fix_missing_locations(_Traceable().visit(ast.parse(code, mode="eval")))
    made: Callable[..., Any] = eval(f"lambda *args: {ast.unparse(tree)}", dict(_NAMES))
    return made


_NAMES = {
    **need("torch.fx.experimental.symbolic_shapes:SYMPY_INTERP"),
    "torch": torch,
    "math": math,
    "inf": float("inf"),
}
"""What torch lets the code of a guard name."""


class _Traceable(ast.NodeTransformer):
    """Replaces `and`, `or`, `not`, chained comparisons, `… if … else …`, `max` and `min` by operators and functions."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        return _joined(node.values, ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr())

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return _call("sym_not", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        operands = [node.left, *node.comparators]
        pairs = [
            ast.Compare(left, [op], [right]) for left, op, right in zip(operands, node.ops, operands[1:], strict=False)
        ]
        return _joined(pairs, ast.BitAnd())

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call("sym_ite", node.test, node.body, node.orelse)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id not in ("max", "min"):
            return node
        first, *rest = node.args
        for each in rest:
            first = _call(f"sym_{node.func.id}", first, each)
        return first


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name("torch", ast.Load()), name, ast.Load()), list(args), [])


def _joined(parts: Sequence[ast.expr], op: ast.operator) -> ast.expr:
    first, *rest = parts
    for each in rest:
        first = ast.BinOp(first, op, each)
    return first
