"""Loops that data ends: a turn of a traced path becomes the body of a `torch.while_loop`.

The decision that ends a loop comes again at each turn. Where Python holds the same at two of these moments, up to
traced tensors and symbolic numbers, what it does from there on is a function of these: the operations of one turn
compute what it holds at the next one, and the operations behind the loop use what it holds at the last. How many turns
the traced path has does not matter, as long as it has one.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.graph.control_flow import WHILE_LOOP
from torchdraft._torch.graph.values import (
    is_number,
    itself,
    memory_of,
    number_dtype,
    value_of,
    written_arguments,
)

from ..traced.path import Path
from .alignment import Alignment, Unlike
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

    def turn(self) -> tuple[int, int]:
        """The place of the first operation of a turn, and the place behind its last one."""
        start, end = self.path.marks[self.first], self.path.marks[self.again]
        assert start is not None
        assert end is not None
        return start + 1, end

    def held(self, decision: int) -> list[Any]:
        """The tensors and numbers that Python held at a decision."""
        tensors, numbers = self.mark(decision).args[2:]
        return [*tensors, *numbers]


def loop_at(path: Path, number: int) -> Loop | None:
    """The loop whose turn begins with a decision of a path; None where there is none."""
    first = path.decisions[number]
    if first.of_number:
        return None
    heads = [number]
    for later in range(number + 1, len(path.decisions)):
        decision = path.decisions[later]
        if decision.key.code != first.key.code:
            continue  # a branch, or another loop, inside of the turn
        if not first.state.recurs(decision.state):
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
        places.setdefault(decision.key.code, []).append(number)
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
    before, after, last = (map(itself, loop.held(each)) for each in (loop.first, loop.again, loop.last))
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
    _check_questions(loop)
    if any(one is two and end is not one for one, (two, end) in found.items()):
        raise Unlike("what a turn leaves as it is becomes something else later")
    return carried


def _check_questions(loop: Loop) -> None:
    """Raises `Unlike` where a turn asks something that another one does not after the same answers: the first turn may
    begin with constants, about which nothing is asked.
    """
    head = loop.path.decisions[loop.first].key.code
    turns: list[list[tuple[Any, bool]]] = []
    for decision in loop.path.decisions[loop.first : loop.last + 1]:
        if decision.key.code == head:
            turns.append([])
        turns[-1].append((decision.key.code, decision.answer))
    first, *others = ([*turn, (head, True)] for turn in turns[:-1])
    for other in others:
        for (place, answer), (place_of_other, answer_of_other) in zip(first, other, strict=False):
            if place != place_of_other:
                raise Unlike("a turn of the loop asks something that another one does not")
            if answer != answer_of_other:
                break


def _check_facts(loop: Loop, carried: list[Carried]) -> None:
    """Raises `Unlike` where the path has decided something about a number that is carried which holds in the turns of
    this path alone: before the loop, or in a turn and about a number of the next one.
    """
    same = _symbols_of_invariants(loop, {each.before for each in carried})
    before, after, last = (
        _symbols([getattr(each, when) for each in carried]) - same for when in ("before", "after", "at_last")
    )
    heads = loop.path.decisions[loop.first].key.code
    for number, decision in enumerate(loop.path.decisions[: loop.last]):
        symbols = decision.expr.free_symbols if decision.key.code != heads else set()
        early = number < loop.first and symbols & (before | after)
        kept = loop.first < number and symbols & (last | (after if number < loop.again else set()))
        if early or kept:
            raise Unlike("a decision elsewhere is about a number that changes from turn to turn")


def _symbols(nodes: list[torch.fx.Node]) -> set[Any]:
    numbers = [value_of(node) for node in nodes if is_number(node)]
    return {symbol for number in numbers if hasattr(number, "node") for symbol in number.node.expr.free_symbols}


def _symbols_of_invariants(loop: Loop, carried: set[torch.fx.Node]) -> set[Any]:
    """Symbols of numbers that are the same at the next turn."""
    pairs = zip(loop.held(loop.first), loop.held(loop.again), strict=True)
    return _symbols([one for one, two in pairs if one is two and one not in carried])


def _alike(each: Carried) -> bool:
    one, two = value_of(each.before), value_of(each.after)
    if not isinstance(one, torch.Tensor) or not isinstance(two, torch.Tensor):
        return number_dtype(one) is not None and number_dtype(one) is number_dtype(two)
    return (one.dtype, one.device, one.layout) == (two.dtype, two.device, two.layout) and _sizes(one) == _sizes(two)


def _sizes(tensor: torch.Tensor) -> list[str]:
    return list(map(str, tensor.shape))


# -- writing -----------------------------------------------------------------------------------------------------------

WriteTurn = Callable[[Body, Loop], None]
"""Writes the operations of one turn, with the branches inside, into the graph of a turn."""


def write_loop(body: Body, loop: Loop, alignment: Alignment | None, origin: Path, write: WriteTurn) -> torch.fx.Node:
    """Writes a loop into a body. `origin` is the path whose operations follow; it is the other one of the alignment
    where it leaves the loop before the first turn.
    """
    carried = carried_by(loop)
    _check_shared(loop, carried, origin)
    memory: list[Place] = []
    while True:
        turn = _Turn(body, loop, alignment, carried, memory)
        try:
            write(turn.step, loop)
            more = _changed_on_a_side(turn, loop)
            if not more:
                break
            carried = [*carried, *more]
            _check_facts(loop, carried)
            _check_shared(loop, carried, origin)
        except WritesOutside as outside:
            _check_memory(loop, outside.root, carried)
            memory.append(outside.root)
    for root in memory:
        body.check_write(turn.step.outer_place(root))
    return turn.written(origin)


def _changed_on_a_side(turn: _Turn, loop: Loop) -> list[Carried]:
    """What the turn of the traced path leaves as it is, and the other side of a branch inside does not."""
    known = {each.before for each in turn.carried}
    more = [node for node in dict.fromkeys(turn.step.redefined()) if node not in known]
    if any(loop.path.inputs.get(node, ("input",))[0] != "input" for node in more):
        raise Unlike("a turn of the loop puts a tensor in the place of a weight")
    return [Carried(node, node, node) for node in more]


def _check_shared(loop: Loop, carried: list[Carried], origin: Path) -> None:
    """Raises `Unlike` where a tensor that is carried shares memory with another one, and it is written to: a loop
    returns copies.
    """
    path, start = loop.path, _mark(loop.path, loop.first)
    held = {node for decision in (loop.again, loop.last) for node in map(itself, loop.held(decision))}
    for node in {node for each in carried for node in (each.after, each.at_last)}:
        memory = memory_of(node)
        names = [each for each in path.of_memory.get(memory, ()) if path.position.get(each, -1) <= start]
        others = [each for each in held if each is not node and memory_of(each) == memory]
        if memory is None or not (names or others):
            continue
        if any(memory in (None, each) for each in _written(path, start)) or (
            origin is not path and any(_written(origin, _mark(origin, loop.first)))
        ):
            raise Unlike("a turn of the loop makes a tensor that shares memory with another one, which is written to")


def _written(path: Path, start: int) -> Iterator[Any]:
    """The memory to which the operations behind a place write."""
    for node in path.operations[start:]:
        yield from map(memory_of, written_arguments(path.program, node))


def _check_memory(loop: Loop, root: Place, carried: list[Carried]) -> None:
    """Raises `Unlike` where the memory that a turn writes to cannot be carried."""
    memory = memory_of(root.node)
    tensors = {node for decision in (loop.first, loop.again, loop.last) for node in map(itself, loop.held(decision))}
    changing = {node for each in carried for node in (each.before, each.after, each.at_last)}
    if root.path is not loop.path or any(memory_of(node) == memory for node in tensors & changing):
        raise Unlike("a turn of the loop writes to memory that has another name in each turn")


class _Turn:
    """The graph of a turn, and the `torch.while_loop` around it."""

    def __init__(
        self, body: Body, loop: Loop, alignment: Alignment | None, carried: list[Carried], memory: list[Place]
    ) -> None:
        self.body, self.loop, self.carried, self.memory = body, loop, carried, memory
        begins = loop.path, _mark(loop.path, loop.first)
        self.step = Body(body, alignment, int(alignment is not None), begins=begins)
        self.inputs = [self.step.placeholder(f"turn_{place}") for place in range(len(carried) + len(memory) + 1)]
        for each, tensor in zip(carried, self.inputs[1:], strict=False):
            self.step.set(Place(loop.path, each.before), _read(self.step, tensor, each.before))
        for root, tensor in zip(memory, self.inputs[len(carried) + 1 :], strict=True):
            self.step.carry_memory(root, tensor)

    def written(self, origin: Path) -> torch.fx.Node:
        """The loop, after its turn has been written."""
        body, step, loop = self.body, self.step, self.loop
        first = loop.mark(loop.first)
        condition = step.get(Place(loop.path, loop.mark(loop.again).args[0]))
        results = [_as_condition(step, condition, loop.stays)]
        results += [_result(step, Place(loop.path, each.after)) for each in self.carried]
        results += [step.copies[root] for root in self.memory]
        own = Place(origin, origin.operations[_mark(origin, loop.first)].args[0])
        start = [_as_condition(body, body.get(own), loop.stays)]
        start += [_value(body, Place(loop.path, each.before), step) for each in self.carried]
        start += [_copied(body, body.get(step.outer_place(root))) for root in self.memory]
        operands = list(dict.fromkeys(step.operands))
        made = body.call(
            WHILE_LOOP,
            (
                body.add_graph(_condition(len(self.inputs), len(operands))),
                body.add_graph(step.closed(self.inputs, operands, results, "turn")),
                tuple(start),
                tuple(operands),
            ),
            like=first,
        )
        items = [body.call(operator.getitem, (made, place), like=first) for place in range(len(self.inputs))]
        self._after(origin, items[1:])
        return made

    def _after(self, origin: Path, items: list[torch.fx.Node]) -> None:
        """Takes what the loop returns."""
        body, step, loop = self.body, self.step, self.loop
        for each, tensor in zip(self.carried, items, strict=False):
            node = each.at_last if origin is loop.path else _counterpart(step, each.before)
            body.set(Place(origin, node), _read(body, tensor, each.before))
        for root, content in zip(self.memory, items[len(self.carried) :], strict=True):
            body.write_back(step.outer_place(root), content)
        for node in loop.held(loop.last) if origin is loop.path else ():
            if itself(node) is not node:  # the loop alone has an operation that returned it
                body.set(Place(origin, node), body.get(Place(origin, itself(node))))


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


def _result(step: Body, place: Place) -> torch.fx.Node:
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
