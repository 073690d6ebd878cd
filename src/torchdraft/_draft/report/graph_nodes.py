"""Finds the node of the program that an event is about: an assertion, the call of an operator, an input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sympy
import torch

from torchdraft._source.expression_text import is_expression, text_of
from torchdraft._source.symbols import SYMBOL
from torchdraft.model.events import (
    ConstraintViolated,
    DimensionSpecialized,
    Event,
    GuardResolved,
    HostRead,
    InputMutated,
    KernelMismatched,
    KernelMissing,
)

_MESSAGE = re.compile(r"assertion failed for expression (.*) on node '")


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion of a program."""

    node: str
    text: str
    """Its condition as text of the shape environment, which lowering the program does not change."""
    symbols: frozenset[str]


class GraphNodes:
    """The nodes of a finished program that events can be about."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self.assertions = list(_assertions(program))
        self.in_islands = list(_assertions_in_islands(program))
        self.inputs = {node.name for node in program.graph.find_nodes(op="placeholder")}
        calls = [(str(node.target), node.name) for node in program.graph.nodes if node.op == "call_function"]
        self.calls = dict(reversed(calls))  # the first call of each operator

    def placed(self, event: Event) -> Event:
        """The event with the name of its node, if it has one."""
        node = event.node or self._node_of(event)
        return replace(event, node=node) if node != event.node else event

    def _node_of(self, event: Event) -> str | None:
        if isinstance(event, (KernelMissing, KernelMismatched)):
            return self.calls.get(event.op)
        found = self._assertion(_condition(event))
        if isinstance(event, (GuardResolved, HostRead)) and found is None:
            return self._in_island(event)
        if found is None and isinstance(event, (ConstraintViolated, DimensionSpecialized)):
            return self._input(event.dimension.partition(".shape")[0])
        return self._input(event.name) if isinstance(event, InputMutated) else found

    def _assertion(self, condition: Any) -> str | None:
        """The assertion of a condition; otherwise one with the same symbols, or with one of its unbacked symbols."""
        if condition is None or not condition.free_symbols:
            return None
        texts = {text_of(form) for form in _forms(condition)}
        symbols = {str(symbol) for symbol in condition.free_symbols}
        found = [a for a in self.assertions if a.text in texts]
        found = found or [a for a in self.assertions if a.symbols == symbols]
        found = found or [a for a in self.assertions if a.symbols & {s for s in symbols if s[0] != "s"}]
        return found[-1].node if found else None

    def _in_island(self, event: Event) -> str | None:
        """The assertion that the recorded run of a submodule added for the event's line."""
        if not event.stack:
            return None
        code, line, _ = event.stack[-1]
        place = f'File "{code.co_filename}", line {line},'
        return next((name for name, stack in self.in_islands if place in stack), None)

    def _input(self, name: str) -> str | None:
        placeholder = "_".join(re.findall(r"\w+", name))
        return placeholder if placeholder in self.inputs else None


def _assertions(program: torch.export.ExportedProgram) -> Iterator[Assertion]:
    for node in program.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_scalar.default):
        found = _MESSAGE.search(str(node.args[1]))
        if found:
            yield Assertion(node.name, found[1], frozenset(SYMBOL.findall(found[1])))


def _assertions_in_islands(program: torch.export.ExportedProgram) -> Iterator[tuple[str, str]]:
    """Name and stack of each assertion about data that a recorded run read."""
    for node in program.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_async.msg):
        yield node.name, str(node.meta.get("stack_trace") or "")


def _condition(event: Event) -> Any:
    """The condition that the program asserts for an event; None where it contains no symbols."""
    if event.condition is not None:
        return event.condition
    expr, value = getattr(event, "expr", None), getattr(event, "value", None)
    if not is_expression(expr):
        return None
    if isinstance(event, GuardResolved) and event.kind == "size":
        return sympy.Eq(expr, value, evaluate=False)
    return expr if value in (sympy.true, True) else sympy.Not(expr)


def _forms(condition: Any) -> Iterator[Any]:
    """The forms in which torch may print a condition."""
    yield condition
    if isinstance(condition, sympy.core.relational.Relational):
        yield condition.reversed
        yield condition.canonical
