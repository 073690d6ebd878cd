"""Writes the paths through a model into one graph: each decision becomes a `torch.cond` with a graph for each side.

The side of the example is in the coordinates of its path, the other side in those of the path on which that decision
was the other one. What follows their junction is written once. A decision on a side is merged in the same way.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from torchdraft._torch.graph.control_flow import COND

from ..traced.path import Path
from .alignment import Alignment, Junction, Unlike
from .body import Body, Place, WritesOutside
from .loops import Loop, loop_at, write_loop
from .outputs import WrittenMemory, outputs_of

OtherSide = Callable[[Path, int], Path]
"""`other(path, decision)`: the path with the other answer to a decision. Raises `Unlike` where there is none."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision of which both sides are in the program."""

    path: Path
    decision: int
    other: Path
    operations: tuple[int, int]
    """How many operations the side of the path and the other side have."""
    loop: bool = False
    """Whether it ends a loop that is in the program as `torch.while_loop`; its turn is the first side."""


@dataclass(slots=True)
class Merged:
    """A graph of several paths."""

    body: Body
    kept: list[Kept] = field(default_factory=list)
    guarded: list[tuple[Path, int, str]] = field(default_factory=list)
    """Path, decision, and why only one side of it is in the program."""


DECISION = "torchdraft_decision"
"""Key of the metadata of a `torch.cond`: the path and the decision that it is about."""


GUARD = "torchdraft_guard"
"""Key of the metadata of the assertion of a condition: the path and the decision."""


LOOP = "torchdraft_loop"
"""Key of the metadata of a `torch.while_loop`: its `Ends`."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The decision of a path that ends a loop."""

    path: Path
    decision: int
    loop: Loop


class _Escapes(Exception):
    """A side of a branch rejoins further towards the end than the branch around it."""

    def __init__(self, tail: int) -> None:
        super().__init__(tail)
        self.tail = tail


class Merger:
    """Merges the paths that branch off a first one."""

    def __init__(self, first: Path, other: OtherSide, *, apart: bool = False) -> None:
        """`apart`: the sides of a branch are joined only after the last branch that follows it."""
        self.first = first
        self.apart = apart
        self.other = other
        self.refused: dict[tuple[int, int], str] = {}
        """Identity of a path and decision → why its other side cannot be merged."""
        self.unrolled: dict[tuple[int, int], str] = {}
        """Identity of a path and decision → why the loop that it begins or leaves is no `torch.while_loop`."""
        self._alignments: dict[tuple[int, int], Alignment] = {}
        self._tails: dict[tuple[int, int], int] = {}
        """Identity of a path and decision → the longest end that its sides may have in common."""

    def refuse(self, path: Path, decision: int, reason: str) -> None:
        """Keeps one side of a decision from here on."""
        self.refused[id(path), decision] = reason

    def unroll(self, path: Path, decision: int, reason: str) -> None:
        """Keeps both sides of the turns of a loop from here on."""
        self.unrolled[id(path), decision] = reason

    def merge(self) -> Merged:
        """The merged graph."""
        merged = Merged(Body(None))
        for node in self.first.inputs:
            merged.body.add_input(Place(self.first, node), node.name)
        self._write(merged, merged.body, self.first, 0, 0, 0)  # no branch reaches into an end of no operations
        return merged

    def _write(self, merged: Merged, body: Body, path: Path, start: int, tail: int, decision: int) -> None:
        """Writes the operations of `path` from `start` up to the last `tail` ones into a body. Decisions from number
        `decision` on become branches. Raises `_Escapes` where one of them reaches into the tail.
        """
        place, end = start, len(path) - tail
        while place < end:
            number = path.decision_at(place)
            if number is None:
                body.copy(Place(path, path.operations[place]))
            if number is None or number < decision:
                place += 1
                continue
            after = self._loop(merged, body, path, number, end)
            if after is not None:
                place = after
                continue
            junction = self._branch(merged, body, path, number, tail)
            if junction is None:
                self._assert(body, path, place)
                place += 1
            else:
                place = len(path) - junction.tail

    def _loop(self, merged: Merged, body: Body, path: Path, number: int, end: int) -> int | None:
        """Writes a loop that a decision begins or leaves, and returns the place behind it; None where it is none."""
        key = (id(path), number)
        if key in self.unrolled or key in self.refused:
            return None
        refused = dict(self.refused)
        try:
            found, alignment = loop_at(path, number), None
            if found is None and not path.decisions[number].one_sided:
                other = self.other(path, number)
                found = loop_at(other, number)
                alignment = Alignment(path, other, number) if found is not None else None
            if found is None:
                return None
            place = path.marks[found.last if alignment is None else number]
            if place is None or place >= end:
                return None
            inside = Merged(body)
            made = write_loop(body, found, alignment, path, functools.partial(self._turn, inside))
        except Unlike as reason:
            self.refused = refused  # what cannot be merged in a turn may be where the loop is unrolled
            self.unrolled[key] = str(reason)
            return None
        made.meta[LOOP] = Ends(path, number, found)
        merged.kept += [Kept(path, number, found.path, (len(inside.body), 0), loop=True), *inside.kept]
        merged.guarded += inside.guarded
        return place + 1

    def _turn(self, inside: Merged, step: Body, loop: Loop) -> None:
        """Writes a turn of a loop. Raises `Unlike` where a branch inside leaves the loop."""
        start, end = loop.turn()
        inside.body, inside.kept, inside.guarded = step, [], []
        try:
            self._write(inside, step, loop.path, start, len(loop.path) - end, loop.first + 1)
        except _Escapes:
            raise Unlike("a branch inside of the loop leaves it, or changes what Python holds") from None

    def _assert(self, body: Body, path: Path, place: int) -> None:
        """Writes the guard of a decision of which one side is kept."""
        number = path.decision_at(place)
        assert number is not None
        decision = path.decisions[number]
        expr = decision.expr if decision.answer else f"Not({decision.expr})"
        message = f"Runtime assertion failed for expression {expr}"
        made = body.assert_condition(Place(path, path.operations[place]), decision.answer, message)
        made.meta[GUARD] = path, number

    def _branch(self, merged: Merged, body: Body, path: Path, decision: int, tail: int) -> Junction | None:
        """Writes both sides of a decision, and returns where they rejoin; None where it stays a guard."""
        key = (id(path), decision)
        if key in self.refused:
            merged.guarded.append((path, decision, self.refused[key]))
            return None
        try:
            other = self.other(path, decision)
            alignment = self._alignments.get(key) or self._alignments.setdefault(
                key, Alignment(path, other, decision, apart=self.apart)
            )
            while True:
                junction = alignment.junction(self._tails.get(key))
                if junction.tail < tail:
                    raise _Escapes(junction.tail)
                attempt = Merged(body)
                try:
                    sides = self._sides(attempt, body, alignment, junction)
                except _Escapes as escaped:
                    self._tails[key] = escaped.tail
                    continue
                break
            junction = _with_redefined(alignment, junction, sides)
            _write_cond(body, alignment, junction, sides)
        except Unlike as reason:
            self.refused[key] = str(reason)
            merged.guarded.append((path, decision, str(reason)))
            return None
        merged.kept += [Kept(path, decision, other, (len(sides[0]), len(sides[1]))), *attempt.kept]
        merged.guarded += attempt.guarded
        return junction

    def _sides(self, merged: Merged, body: Body, alignment: Alignment, junction: Junction) -> tuple[Body, Body]:
        """The graphs of the two sides of a decision."""
        return self._side(merged, body, alignment, junction, 0), self._side(merged, body, alignment, junction, 1)

    def _side(self, merged: Merged, body: Body, alignment: Alignment, junction: Junction, side: int) -> Body:
        path = (alignment.one, alignment.two)[side]
        copied: frozenset[Place] = frozenset()
        while True:
            attempt = Merged(Body(body, alignment, side, copied))
            try:
                self._write(attempt, attempt.body, path, alignment.fork + 1, junction.tail, alignment.decision + 1)
            except WritesOutside as outside:
                if outside.root.path is not path:
                    raise
                copied |= {outside.root}
                continue
            merged.kept += attempt.kept
            merged.guarded += attempt.guarded
            return attempt.body


def _with_redefined(alignment: Alignment, junction: Junction, sides: tuple[Body, Body]) -> Junction:
    """The junction with what a branch inside a side has put in the place of a node from before both sides."""
    nodes = [*sides[0].redefined(), *(alignment.back[node] for node in sides[1].redefined() if node in alignment.back)]
    known = {one for one, _ in junction.joined}
    more = tuple((node, alignment.same[node]) for node in dict.fromkeys(nodes) if node not in known)
    return Junction(junction.tail, (*junction.joined, *more))


def _write_cond(body: Body, alignment: Alignment, junction: Junction, sides: tuple[Body, Body]) -> None:
    """Writes the `torch.cond` of two sides, and what follows of it for the operations after their junction."""
    mark = alignment.one.operations[alignment.fork]
    outputs = outputs_of(alignment, junction, sides)
    for output in outputs:
        if isinstance(output, WrittenMemory):
            body.check_write(output.root)
    returned = [_unlike([node for output in outputs for node in output.give(side)], side) for side in sides]
    operands = _operands(sides, returned)
    graphs = [side.closed([], operands, nodes, "operand") for side, nodes in zip(sides, returned, strict=True)]
    graphs = graphs if alignment.one.decisions[alignment.decision].answer else graphs[::-1]
    condition = body.get(Place(alignment.one, mark.args[0]))
    made = body.call(COND, (condition, *map(body.add_graph, graphs), tuple(operands)), like=mark)
    made.meta[DECISION] = (alignment.one, alignment.decision)
    items = (body.call(operator.getitem, (made, place), like=mark) for place in range(len(returned[0])))
    for output in outputs:
        output.take(body, items)
    body.separated |= {(alignment.one, memory) for memory in alignment.separated(junction.joined)}


def _unlike(nodes: list[torch.fx.Node], side: Body) -> list[torch.fx.Node]:
    """The nodes, with a copy in place of one that is there before: torch refuses outputs that are the same tensor."""
    seen: set[torch.fx.Node] = set()
    made = []
    for node in nodes:
        made.append(side.call(torch.ops.aten.clone.default, (node,)) if node in seen else node)
        seen.add(node)
    return made


def _operands(sides: tuple[Body, Body], outputs: list[list[torch.fx.Node]]) -> list[torch.fx.Node]:
    """What the sides use of the graph around them, without what an attempt to write them has left unused."""
    used: dict[torch.fx.Node, None] = {}
    for side, returned in zip(sides, outputs, strict=True):
        for operand, node in side.inputs_of_operands():
            if node.users or node in returned:
                used[operand] = None
    return list(used)
