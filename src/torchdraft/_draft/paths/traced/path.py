"""One path through the model: its traced graph as a list of operations, and where its decisions stand in it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._torch.graph.branch_marks import BRANCH, assert_inner_marks
from torchdraft._torch.graph.program_inputs import described_inputs
from torchdraft._torch.graph.values import graph_modules, memory_of, separate_returns

from .decisions import Decision


@dataclass(eq=False)
class Path:
    """A traced path. `operations` are the nodes between the inputs and the output, with the output as the last one."""

    program: torch.export.ExportedProgram
    decisions: tuple[Decision, ...]
    number: int = 0
    """How many paths were traced before."""
    operations: list[torch.fx.Node] = field(init=False)
    position: dict[torch.fx.Node, int] = field(init=False)
    inputs: dict[torch.fx.Node, Any] = field(init=False)
    """Placeholder → a description that is equal for the same input, parameter, buffer or constant of another path."""
    marks: list[int | None] = field(init=False)
    """Decision → position of its mark; None where it is not in the outermost graph."""

    def __post_init__(self) -> None:
        answers = {decision.mark: decision.answer for decision in self.decisions}
        for module in graph_modules(self.program.graph_module):
            if module is not self.program.graph_module:
                assert_inner_marks(module.graph, answers)
                module.recompile()
        separate_returns(self.program.graph)
        nodes = list(self.program.graph.nodes)
        self.inputs = described_inputs(self.program)
        self.operations = [node for node in nodes if node.op != "placeholder"]
        self.position = {node: place for place, node in enumerate(self.operations)}
        marks = {node.args[1]: place for node, place in self.position.items() if node.target is BRANCH}
        self.marks = [marks.get(decision.mark) for decision in self.decisions]
        self._decided = {place: number for number, place in enumerate(self.marks) if place is not None}

    def __len__(self) -> int:
        return len(self.operations)

    @property
    def answers(self) -> tuple[bool, ...]:
        """The answers of the decisions, in their order."""
        return tuple(decision.answer for decision in self.decisions)

    @functools.cached_property
    def preferred(self) -> Mapping[Any, bool]:
        """Place in the code → answer, for another path to follow."""
        return {decision.key: decision.answer for decision in self.decisions}

    @functools.cached_property
    def of_memory(self) -> Mapping[Any, list[torch.fx.Node]]:
        """Identity of memory → the nodes that have it, in their order."""
        found: dict[Any, list[torch.fx.Node]] = {}
        for node in (*self.inputs, *self.operations):
            memory = memory_of(node)
            if memory is not None:
                found.setdefault(memory, []).append(node)
        return found

    def decision_at(self, place: int) -> int | None:
        """The decision whose mark is at a position."""
        return self._decided.get(place)
