"""Where two paths part and rejoin: the operations that they have in common before a decision, and at their ends.

Two operations correspond where they call the same function with the same plain arguments on corresponding tensors and
numbers. Tensors of which each side has its own are joined: a `torch.cond` of the two sides returns them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch import pytree
from torchdraft._torch.graph.branch_marks import BRANCH
from torchdraft._torch.graph.values import can_be_joined, inner_graph, itself, memory_of, written_arguments

from ..traced.path import Path

Pair = tuple[torch.fx.Node, torch.fx.Node]


@dataclass(frozen=True, slots=True)
class Junction:
    """Where two paths rejoin after a decision."""

    tail: int
    """How many operations at the end they have in common, the output included."""
    joined: tuple[Pair, ...]
    """What the common operations take from each side."""


class Unlike(Exception):
    """Two paths do not have in common what they have to."""


class Alignment:
    """Two paths that part at one decision."""

    def __init__(self, one: Path, two: Path, decision: int, *, apart: bool = False) -> None:
        """`apart`: the paths rejoin only after the last decision of both."""
        self.one, self.two = one, two
        self.apart = apart
        self.decision = decision
        place = one.marks[decision]
        if place is None or two.marks[decision] != place:
            raise Unlike("it is evaluated inside a region of its own, such as `torch.no_grad`")
        specs = [path.program.call_spec.out_spec for path in (one, two)]
        if specs[0] != specs[1] or repr(specs[0]) != repr(specs[1]):
            raise Unlike("the model returns another structure on its other side")
        self.fork: int = place
        self.same: dict[torch.fx.Node, torch.fx.Node] = {}
        """Node of the one path → the node of the other that has the same value whatever the decision is."""
        self._match_inputs()
        self._match_before()
        self.back = {b: a for a, b in self.same.items()}
        """Node of the other path → the node of the one."""

    def _match_inputs(self) -> None:
        described = {what: node for node, what in self.two.inputs.items()}
        for node, what in self.one.inputs.items():
            if what in described:
                self.same[node] = described[what]

    def _match_before(self) -> None:
        for a, b in zip(self.one.operations[: self.fork + 1], self.two.operations[: self.fork + 1], strict=True):
            wanted = self._wanted(a, b)
            if wanted is None or any(self.same.get(x) is not y for x, y in wanted):
                raise Unlike("the model's operations before it were others when it was traced again")
            self.same[a] = b

    def _wanted(self, a: torch.fx.Node, b: torch.fx.Node) -> list[Pair] | None:
        """The pairs that have to correspond for two nodes to; None where they cannot."""
        if a.op != b.op:
            return None
        if a.op == "get_attr":
            alike = same_graphs(inner_graph(self.one.program, a), inner_graph(self.two.program, b))
            return [] if alike else None
        if a.target is not b.target:
            return None
        left, spec = pytree.tree_flatten(_arguments(a))
        right, other = pytree.tree_flatten(_arguments(b))
        if spec != other:
            return None
        pairs = []
        for x, y in zip(left, right, strict=True):
            if isinstance(x, torch.fx.Node) and isinstance(y, torch.fx.Node):
                pairs.append((itself(x), itself(y)))
            elif isinstance(x, torch.fx.Node) or isinstance(y, torch.fx.Node) or not same_constant(x, y):
                return None
        return pairs

    # -- the ends ------------------------------------------------------------------------------------------------

    def junction(self, most: int | None = None) -> Junction:
        """The longest common end, of at most `most` operations. Raises `Unlike` where even the outputs differ."""
        longest = min(len(self.one), len(self.two)) - self.fork - 1
        tail = self._longest(longest if most is None else min(longest, most))
        while True:
            if tail < 1:
                raise Unlike("the model returns another structure, or other dtypes, on its other side")
            joined, refused = self._joined(tail)
            if refused is None:
                return Junction(tail, tuple(joined))
            tail = refused

    def _longest(self, most: int) -> int:
        """How many operations at the ends call the same function on as many arguments."""
        tail = 0
        uses: dict[torch.fx.Node, set[torch.fx.Node]] = {}
        back: dict[torch.fx.Node, set[torch.fx.Node]] = {}
        for a, b in zip(reversed(self.one.operations), reversed(self.two.operations), strict=False):
            if tail == most or not uses.get(a, set()) <= {b} or not back.get(b, set()) <= {a}:
                break
            if a.target is BRANCH and (self.apart or not self._same_state(a, b)):
                break
            wanted = self._wanted(a, b)
            if wanted is None:
                break
            for x, y in wanted:
                uses.setdefault(x, set()).add(y)
                back.setdefault(y, set()).add(x)
            tail += 1
        return tail

    def _same_state(self, a: torch.fx.Node, b: torch.fx.Node) -> bool:
        one, two = self.one.decision_at(self.one.position[a]), self.two.decision_at(self.two.position[b])
        if one is None or two is None:
            return False
        left, right = self.one.decisions[one], self.two.decisions[two]
        return left.answer == right.answer and left.state.resembles(right.state)

    def _joined(self, tail: int) -> tuple[list[Pair], int | None]:
        """What a common end of this length takes from the sides; the longest end to try instead where it cannot."""
        first_one, first_two = len(self.one) - tail, len(self.two) - tail
        found: dict[torch.fx.Node, torch.fx.Node] = {}
        back: dict[torch.fx.Node, torch.fx.Node] = {}
        pairs: list[Pair] = []
        itself: set[torch.fx.Node] = set()
        refused: int | None = None
        for left in reversed(range(1, tail + 1)):  # `left` operations are left, this one included
            a, b = self.one.operations[len(self.one) - left], self.two.operations[len(self.two) - left]
            for x, y in self._wanted(a, b) or ():
                inside = self.one.position.get(x, -1) >= first_one, self.two.position.get(y, -1) >= first_two
                if self.same.get(x) is y:
                    itself.add(x)
                if all(inside) or (self.same.get(x) is y and x not in found):
                    continue
                known = x in found or y in back
                clash = known and not (found.get(x) is y and back.get(y) is x)
                if any(inside) or clash or x in itself or not self._can_be_joined(x, y):
                    refused = left - 1
                elif not known:
                    found[x], back[y] = y, x
                    pairs.append((x, y))
            if refused is not None:
                return pairs, refused
        return pairs, self._written_later(pairs, tail)

    def _can_be_joined(self, x: torch.fx.Node, y: torch.fx.Node) -> bool:
        """Whether two nodes can be joined. Weights cannot: code on another side reads them without anything that shows
        it before.
        """
        weights = (self.one.inputs.get(x, ("input",)), self.two.inputs.get(y, ("input",)))
        return all(kind == "input" for kind, *_ in weights) and can_be_joined(x, y)

    def _written_later(self, pairs: list[Pair], tail: int) -> int | None:
        """How many operations follow the last write, in the common end, to memory that joined tensors share."""
        shared = {memory for side in zip(*pairs, strict=True) for memory in shared_memory(side)} if pairs else set()
        for path in (self.one, self.two):
            before = {memory_of(node) for node in [*path.inputs, *path.operations[: self.fork]]} - {None}
            shared |= before & {memory_of(node) for pair in pairs for node in pair}
            for left in range(1, tail + 1):
                node = path.operations[len(path) - left]
                if any(memory_of(given) in shared for given in written_arguments(path.program, node)):
                    return left - 1
        return None

    def separated(self, pairs: Sequence[Pair]) -> set[Any]:
        """Memory, on the one path, that a joined tensor has on one of the sides and is a copy of behind the junction.

        What is written to it there would be seen in the tensor, or not, depending on the side.
        """
        of_one = {memory_of(node) for node in [*self.one.inputs, *self.one.operations[: self.fork]]}
        of_two = {memory_of(two): memory_of(one) for one, two in self.same.items()}
        own = [pair for pair in pairs if self.same.get(pair[0]) is not pair[1]]
        ones, twos = [memory_of(one) for one, _ in own], [memory_of(two) for _, two in own]
        found = {memory for memory in ones if memory in of_one or ones.count(memory) > 1}
        found |= {of_two[memory] for memory in twos if memory in of_two}
        found |= {one for one, two in zip(ones, twos, strict=True) if twos.count(two) > 1}
        return found - {None}


def _arguments(node: torch.fx.Node) -> Any:
    """The arguments of a node, but for the text of a mark, which counts the decisions of its path."""
    return (node.args[0], *node.args[2:]) if node.target is BRANCH else (node.args, node.kwargs)


def shared_memory(nodes: tuple[torch.fx.Node, ...]) -> Iterator[Any]:
    """The memory that two or more of the nodes have in common."""
    seen = set()
    for memory in map(memory_of, nodes):
        if memory is not None and memory in seen:
            yield memory
        seen.add(memory)


def same_constant(x: Any, y: Any) -> bool:
    """Whether two arguments that are no nodes are the same. `1`, `1.0` and `True` are not, nor are `0.0` and `-0.0`."""
    if type(x) is not type(y):
        return False
    return repr(x) == repr(y) if isinstance(x, (float, complex)) else x is y or bool(x == y)


def same_graphs(one: torch.fx.GraphModule | None, two: torch.fx.GraphModule | None) -> bool:
    """Whether two inner graphs do the same."""
    if one is None or two is None:
        return one is two
    if one.code != two.code:
        return False
    inner = [dict(each.named_children()) for each in (one, two)]
    return inner[0].keys() == inner[1].keys() and all(same_graphs(inner[0][n], inner[1][n]) for n in inner[0])
