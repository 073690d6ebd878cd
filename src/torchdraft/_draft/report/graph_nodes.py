"""Finds the node of the program that an event is about: an assertion, the call of an operator, an input."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import sympy
import torch

from torchdraft._source.symbolic.expression_text import is_expression, text_of
from torchdraft._source.symbolic.symbols import SYMBOL
from torchdraft.model import Issue
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
from torchdraft.saved.operator_calls import called_operator

_PLACE = re.compile(r'File "([^"\n]*)", line (\d+),')
_MESSAGE = re.compile(r"assertion failed for expression (.*) on node '")


def nodes_of(issue: Issue) -> tuple[str, ...]:
    """The nodes that an issue is about: several where equal assumptions of one line are one issue."""
    own = () if issue.node is None else (issue.node,)
    return (*own, *(name for name in issue.data.get("nodes", ()) if name != issue.node))


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
        self.assertions = _Assertions(program)
        self.in_islands = dict(reversed(list(_places_in_islands(program))))  # the first assertion of each place
        self.inputs = {node.name for node in program.graph.find_nodes(op="placeholder")}
        calls = [(called_operator(node), node.name) for node in program.graph.nodes if node.op == "call_function"]
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
        texts = (text_of(form) for form in _forms(condition))
        symbols = {str(symbol) for symbol in condition.free_symbols}
        return self.assertions.about(texts, frozenset(symbols))

    def _in_island(self, event: Event) -> str | None:
        """The assertion that the recorded run of a submodule added for the event's line."""
        if not event.stack:
            return None
        code, line, _ = event.stack[-1]
        return self.in_islands.get((code.co_filename, line))

    def _input(self, name: str) -> str | None:
        placeholder = "_".join(re.findall(r"\w+", name))
        return placeholder if placeholder in self.inputs else None


class _Assertions:
    """The assertions of a program, by what is asked of them. The last one counts."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self.by_text: dict[str, int] = {}
        self.by_symbols: dict[frozenset[str], int] = {}
        self.by_unbacked_symbol: dict[str, int] = {}
        self.nodes: list[str] = []
        for number, assertion in enumerate(_assertions(program)):
            self.nodes.append(assertion.node)
            self.by_text[assertion.text] = number
            self.by_symbols[assertion.symbols] = number
            self.by_unbacked_symbol |= {s: number for s in assertion.symbols if _is_unbacked(s)}

    def about(self, texts: Iterable[str], symbols: frozenset[str]) -> str | None:
        """The assertion with the first of the texts that has one; otherwise one with these symbols, or with one of the
        unbacked ones.
        """
        found = next(([self.by_text[text]] for text in texts if text in self.by_text), [])  # prints no further text
        if not found and symbols in self.by_symbols:
            found = [self.by_symbols[symbols]]
        if not found:
            found = [self.by_unbacked_symbol[s] for s in symbols if s in self.by_unbacked_symbol and _is_unbacked(s)]
        return self.nodes[max(found)] if found else None


def _is_unbacked(symbol: str) -> bool:
    return symbol[0] != "s"


def _assertions(program: torch.export.ExportedProgram) -> Iterator[Assertion]:
    for node in program.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_scalar.default):
        found = _MESSAGE.search(str(node.args[1]))
        if found:
            yield Assertion(node.name, found[1], frozenset(SYMBOL.findall(found[1])))


def _places_in_islands(program: torch.export.ExportedProgram) -> Iterator[tuple[tuple[str, int], str]]:
    """File, line and name of each assertion about data that a recorded run read, for every line of its stack."""
    for node in program.graph.find_nodes(op="call_function", target=torch.ops.aten._assert_async.msg):
        for file, line in _PLACE.findall(str(node.meta.get("stack_trace") or "")):
            yield (file, int(line)), node.name


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
    """The forms in which torch may print a condition, those first that it prints most often."""
    if isinstance(condition, sympy.core.relational.Relational):
        yield condition.reversed
        yield condition
        if not all(side.is_Atom for side in condition.args):  # of two atoms it is one of the forms above
            yield condition.canonical
    else:
        yield condition
