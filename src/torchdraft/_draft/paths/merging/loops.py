"""Loops that data ends: a turn of a traced path becomes the body of a `torch.while_loop`.

The decision that ends a loop comes again at each turn. Where Python holds the same at two of these moments, up to
traced tensors and symbolic numbers, what it does from there on is a function of these: the operations of one turn
compute what it holds at the next one, and the operations behind the loop use what it holds at the last. How many turns
the traced path has does not matter, as long as it has one.
"""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.graph.branch_marks import BRANCH
from torchdraft._torch.graph.control_flow import WHILE_LOOP
from torchdraft._torch.graph.values import is_number, number_dtype, value_of

from ..traced.path import Path
from .alignment import Unlike
from .body import Body, Place, WritesOutside, from_tensor, to_tensor

_ATEN = torch.ops.aten


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop in a path."""

    path: Path
    first: int
    """The decision at the beginning of a turn."""
    again: int
    """The one at the beginning of the next turn."""
    last: int
    """The one with which the path leaves the loop."""

    @property
    def stays(self) -> bool:
        """The answer with which there is another turn."""
        return self.path.decisions[self.first].answer

    def mark(self, decision: int) -> torch.fx.Node:
        """The mark of a decision."""
        place = self.path.marks[decision]
        assert place is not None
        return self.path.operations[place]

    def turn(self) -> list[torch.fx.Node]:
        """The operations of one turn."""
        start, end = self.path.marks[self.first], self.path.marks[self.again]
        assert start is not None
        return self.path.operations[start + 1 : end]

    def held(self, decision: int) -> list[Any]:
        """The tensors and numbers that Python held at a decision."""
        tensors, numbers = self.mark(decision).args[2:]
        return [*tensors, *numbers]


def loop_at(path: Path, number: int) -> Loop | None:
    """The loop whose turn begins with a decision of a path; None where there is none, or it has branches inside."""
    first = path.decisions[number]
    if first.of_number:
        return None
    heads = [number]
    for later in range(number + 1, len(path.decisions)):
        decision = path.decisions[later]
        if decision.key[:-1] != first.key[:-1] or not first.state.recurs(decision.state):
            return None
        heads.append(later)
        if decision.answer != first.answer:
            break
    else:
        return None
    if any(path.marks[head] is None for head in heads) or first.one_sided:
        return None
    return Loop(path, number, heads[1], heads[-1])


def loops_are_hopeless(path: Path) -> bool:
    """Whether a decision comes again and again on a path, and none of the turns between begins a loop."""
    places: dict[Any, list[int]] = {}
    for number, decision in enumerate(path.decisions):
        places.setdefault(decision.key[:-1], []).append(number)
    repeated = [numbers for numbers in places.values() if len(numbers) >= _CONVINCING]
    return any(all(loop_at(path, number) is None for number in numbers) for numbers in repeated)


_CONVINCING = 3
"""The first turn can differ from the others: it has no results of a turn before."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a turn has of the turn before, and hands to the next one."""

    before: torch.fx.Node
    after: torch.fx.Node
    at_last: torch.fx.Node


def carried_by(loop: Loop) -> list[Carried]:
    """The tensors and numbers that are others at the next turn. Raises `Unlike` where that cannot be said."""
    before, after, last = (loop.held(each) for each in (loop.first, loop.again, loop.last))
    found: dict[Any, tuple[Any, Any]] = {}
    for one, two, end in zip(before, after, last, strict=True):
        if found.setdefault(one, (two, end)) != (two, end):
            raise Unlike("two names stand for one tensor in the first turn, and for two in the next one")
    merged = Counter(two for two, _ in found.values())
    if any(count > 1 for count in merged.values()):
        raise Unlike("two names stand for one tensor behind a turn of the loop")
    carried = [Carried(one, two, end) for one, (two, end) in found.items() if one is not two]
    for each in carried:
        if not _alike(each):
            raise Unlike("a turn of the loop makes a tensor of another dtype or size, or another kind of number")
        if each.before in loop.path.inputs and loop.path.inputs[each.before][0] != "input":
            raise Unlike("a turn of the loop puts a tensor in the place of a weight")
    _check_facts(loop, carried)
    if any(one is two and end is not one for one, (two, end) in found.items()):
        raise Unlike("what a turn leaves as it is becomes something else later")
    return carried


def _check_facts(loop: Loop, carried: list[Carried]) -> None:
    """Raises `Unlike` where the path has decided anything else about a number that is carried: what follows from that
    holds in the turns of this path alone.
    """
    numbers = [value_of(node) for each in carried for node in (each.before, each.after) if is_number(node)]
    symbols = {symbol for number in numbers for symbol in number.node.expr.free_symbols}
    changing = symbols - _symbols_of_invariants(loop)
    heads = loop.path.decisions[loop.first].key[:-1]
    others = (decision for decision in loop.path.decisions if decision.key[:-1] != heads)
    if any(changing & decision.expr.free_symbols for decision in others):
        raise Unlike("a decision elsewhere is about a number that changes from turn to turn")


def _symbols_of_invariants(loop: Loop) -> set[Any]:
    """Symbols of numbers that are the same at the next turn."""
    pairs = zip(loop.held(loop.first), loop.held(loop.again), strict=True)
    same = (value_of(one) for one, two in pairs if one is two and is_number(one))
    return {symbol for number in same if hasattr(number, "node") for symbol in number.node.expr.free_symbols}


def _alike(each: Carried) -> bool:
    one, two = value_of(each.before), value_of(each.after)
    if not isinstance(one, torch.Tensor) or not isinstance(two, torch.Tensor):
        return number_dtype(one) is not None and number_dtype(one) is number_dtype(two)
    return (one.dtype, one.device, one.layout) == (two.dtype, two.device, two.layout) and _sizes(one) == _sizes(two)


def _sizes(tensor: torch.Tensor) -> list[str]:
    return list(map(str, tensor.shape))


# -- writing -----------------------------------------------------------------------------------------------------------


def write_loop(body: Body, step: Body, loop: Loop, origin: Path) -> torch.fx.Node:
    """Writes a loop into a body. `step` is the empty graph of a turn, `origin` the path whose operations follow."""
    carried = carried_by(loop)
    first = loop.mark(loop.first)
    inputs = [step.placeholder(f"turn_{place}") for place in range(len(carried) + 1)]
    for each, tensor in zip(carried, inputs[1:], strict=True):
        step.set(Place(loop.path, each.before), _read(step, tensor, each.before))
    try:
        for node in loop.turn():
            if node.target is BRANCH:
                raise Unlike("a branch inside of the loop")
            step.copy(Place(loop.path, node))
    except WritesOutside as outside:
        raise Unlike("a turn of the loop writes to memory that exists before it") from outside
    condition = step.get(Place(loop.path, loop.mark(loop.again).args[0]))
    results = [_as_condition(step, condition, loop.stays)]
    results += [_written(step, Place(loop.path, each.after)) for each in carried]
    own = Place(origin, origin.operations[_mark(origin, loop.first)].args[0])
    start = [_as_condition(body, body.get(own), loop.stays)]
    start += [_value(body, Place(loop.path, each.before), step) for each in carried]
    made = body.call(
        WHILE_LOOP,
        (
            body.add_graph(_condition(len(inputs), len(step.operands))),
            body.add_graph(_closed(step, inputs, results)),
            tuple(start),
            tuple(step.operands),
        ),
        like=first,
    )
    for place, each in enumerate(carried, 1):
        tensor = body.call(operator.getitem, (made, place), like=first)
        node = each.at_last if origin is loop.path else _counterpart(step, each.before)
        body.set(Place(origin, node), _read(body, tensor, each.before))
    return made


def _mark(path: Path, decision: int) -> int:
    place = path.marks[decision]
    assert place is not None
    return place


def _counterpart(step: Body, node: torch.fx.Node) -> torch.fx.Node:
    """The node of the path that leaves the loop, for one of the path with a turn."""
    assert step.path is not None
    return step.outer_place(Place(step.path, node)).node


def _value(body: Body, place: Place, step: Body) -> torch.fx.Node:
    """The tensor with which the loop begins."""
    outer = step.outer_place(place)
    value = body.get(outer)
    if is_number(place.node):
        return to_tensor(body, value, value_of(place.node))
    return _copied(body, value)


def _written(step: Body, place: Place) -> torch.fx.Node:
    value = step.get(place)
    return to_tensor(step, value, value_of(place.node)) if is_number(place.node) else _copied(step, value)


def _copied(body: Body, value: torch.fx.Node) -> torch.fx.Node:
    copy = body.call(_ATEN.clone.default, (value,))
    copy.kwargs = {"memory_format": torch.contiguous_format}
    return copy


def _read(body: Body, tensor: torch.fx.Node, like: torch.fx.Node) -> torch.fx.Node:
    """A tensor that comes from a turn, or the number in it."""
    return from_tensor(body, tensor, value_of(like)) if is_number(like) else tensor


def _as_condition(body: Body, condition: Any, stays: bool) -> torch.fx.Node:
    """A tensor that is 1 where there is another turn."""
    answers = (1, 0) if stays else (0, 1)
    number = body.call(torch.sym_ite, (condition, *answers))
    made = body.call(_ATEN.scalar_tensor.default, (number,))
    made.kwargs = {"dtype": torch.int64}
    return made


def _condition(carried: int, more: int) -> torch.fx.GraphModule:
    """The graph that says whether there is another turn: it is carried."""
    graph = torch.fx.Graph()
    inputs = [graph.placeholder(f"turn_{place}") for place in range(carried + more)]
    graph.output(graph.call_function(_ATEN.eq.Scalar, (inputs[0], 1)))
    return torch.fx.GraphModule(torch.nn.Module(), graph)


def _closed(step: Body, inputs: list[torch.fx.Node], results: list[torch.fx.Node]) -> torch.fx.GraphModule:
    """The graph module of a turn: what is carried comes first."""
    graph = torch.fx.Graph()
    outside = [node for node in step.graph.find_nodes(op="placeholder") if node not in inputs]
    known = {node: graph.placeholder(f"turn_{place}") for place, node in enumerate([*inputs, *outside])}
    for node in step.graph.nodes:
        if node.op != "placeholder":
            known[node] = graph.node_copy(node, lambda each: known[each])
    graph.output(tuple(known[result] for result in results))
    graph.eliminate_dead_code()
    return torch.fx.GraphModule(step.root, graph)
