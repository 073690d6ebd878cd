"""The graph of one side of a branch, or of the whole program, while operations of paths are copied into it.

A graph takes what it uses of the graph around it as operands. Memory that it writes to and that exists before it is
copied first, and returned: the graph around it writes it back, since a `torch.cond` must not write to its operands.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._torch.graph.nodes import copy_origin
from torchdraft._torch.graph.program_inputs import held_values
from torchdraft._torch.graph.values import (
    asserts,
    graph_modules,
    inner_graph,
    is_number,
    is_view_of,
    itself,
    memory_of,
    number_dtype,
    returned,
    returns_its_argument,
    value_of,
    written_arguments,
)

from ..traced.path import Path
from .alignment import Alignment, Unlike

_ATEN = torch.ops.aten


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a path."""

    path: Path
    node: torch.fx.Node


class WritesOutside(Exception):
    """A graph writes to memory that exists before it, which it has to copy at its beginning."""

    def __init__(self, root: Place) -> None:
        super().__init__(root.node.name)
        self.root = root


class Body:
    """A graph under construction."""

    def __init__(
        self,
        parent: Body | None,
        alignment: Alignment | None = None,
        side: int = 0,
        copied: frozenset[Place] = frozenset(),
        begins: tuple[Path, int] | None = None,
    ) -> None:
        """`begins`: the path of the operations and the place before the first of them, where that is not the decision
        of the alignment.
        """
        self.parent = parent
        self.alignment = alignment
        if begins is None and alignment is not None:
            begins = (alignment.one, alignment.two)[side], alignment.fork
        self.path: Path | None = begins[0] if begins else None
        self._start = begins[1] if begins else 0
        self.side = side
        self.graph = torch.fx.Graph()
        self.root = torch.nn.Module()
        self.operands: list[torch.fx.Node] = []
        """What the graph takes, as nodes of the parent's graph."""
        self._taken: list[torch.fx.Node] = []
        """The placeholders of the operands."""
        self.copies: dict[Place, torch.fx.Node] = {}
        self.joined: set[Place] = set()
        """Nodes of paths that stand for what a `torch.cond` in this graph returned."""
        self.separated: set[tuple[Path, Any]] = set()
        """Memory of paths of which a `torch.cond` in this graph returned a copy."""
        self._copied = copied
        self._known: dict[Place, Any] = {}
        self._inner: dict[int, str] = {}
        for root in sorted(copied, key=lambda place: place.node.name):
            self.copies[root] = self.call(_ATEN.clone.default, (self._captured(root),))
            self._known[root] = self.copies[root]

    def __len__(self) -> int:
        return sum(node.op == "call_function" for node in self.graph.nodes)

    def asserts(self) -> bool:
        """Whether the graph, or one inside it, contains an assertion."""
        graphs = [self.graph, *(each.graph for each in graph_modules(self.root))]
        return any(asserts(node) for graph in graphs for node in graph.nodes)

    # -- nodes ---------------------------------------------------------------------------------------------------

    def call(self, target: Any, args: tuple[Any, ...], like: torch.fx.Node | None = None) -> torch.fx.Node:
        """Adds a call; `like` is the node whose origin in the source it has."""
        made = self.graph.call_function(target, args)
        if like is not None:
            copy_origin(made, like)
        return made

    def add_input(self, place: Place, name: str) -> None:
        """Adds an input of the whole program."""
        self._known[place] = self.graph.placeholder(name)

    def origin(self, path: Path) -> dict[torch.fx.Node, str]:
        """Placeholder of a path → the name of its placeholder in this graph, as far as it has one."""
        return {
            p.node: node.name
            for p, node in self._known.items()
            if p.path is path and getattr(node, "op", "") == "placeholder"
        }

    def held_values(self, paths: Sequence[Path]) -> dict[str, tuple[str, Any]]:
        """Placeholder of the program → the dotted name of the parameter or buffer that it is, or the constant."""
        return {
            name: value
            for path in reversed(paths)
            for name, value in held_values(path.program, self.origin(path)).items()
        }

    def set(self, place: Place, node: torch.fx.Node) -> None:
        """From here on a node of a path stands for `node`, which a `torch.cond` returned."""
        self._known[place] = node
        self.joined.add(place)

    def copy(self, place: Place) -> None:
        """Copies an operation of a path."""
        node = place.node
        if node.op == "get_attr":
            self._known[place] = self._copied_graph(place)
            return
        if node.target is returned:
            given = node.args[0]
            self._known[place] = self.get(Place(place.path, given)) if isinstance(given, torch.fx.Node) else given
            return
        self._check_writes(place)
        args, kwargs = torch.fx.map_arg((node.args, node.kwargs), lambda given: self.get(Place(place.path, given)))
        if node.op == "output":
            self.graph.output(args[0])
            return
        made = self.graph.create_node(node.op, node.target, args, kwargs, name=node.name)
        made.meta = {name: value for name, value in node.meta.items() if name not in ("val", "unbacked_bindings")}
        argument = returns_its_argument(node)  # which has one name: torch takes no operand twice
        self._known[place] = made if argument is None else self.get(Place(place.path, argument))

    def assert_condition(self, mark: Place, answer: bool, message: str) -> torch.fx.Node:
        """Asserts that the condition of a mark has this answer."""
        condition: Any = self.get(Place(mark.path, mark.node.args[0]))
        condition = condition if answer else self.call(torch.sym_not, (condition,), like=mark.node)
        return self.call(_ATEN._assert_scalar.default, (condition, message), like=mark.node)

    def _copied_graph(self, place: Place) -> torch.fx.Node:
        module = inner_graph(place.path.program, place.node)
        if module is None:
            raise Unlike(f"the graph holds {place.node.target}, which cannot be copied")
        return self.add_graph(module)

    def add_graph(self, module: torch.fx.GraphModule) -> torch.fx.Node:
        """Adds a graph module, and a node for it."""
        name = self._inner.get(id(module)) or f"graph_{len(self._inner)}"
        self._inner[id(module)] = name
        setattr(self.root, name, module)
        return self.graph.get_attr(name)

    def inputs_of_operands(self) -> Iterator[tuple[torch.fx.Node, torch.fx.Node]]:
        """Each operand, and the placeholder of this graph that it is."""
        return zip(self.operands, self._taken, strict=True)

    def closed(
        self,
        first: Sequence[torch.fx.Node],
        operands: Sequence[torch.fx.Node],
        results: Sequence[torch.fx.Node],
        name: str,
    ) -> torch.fx.GraphModule:
        """The graph module of this graph, whose inputs are the placeholders `first` and one for each of `operands`."""
        graph = torch.fx.Graph()
        known = {node: graph.placeholder(f"{name}_{place}") for place, node in enumerate(first)}
        given = {each: graph.placeholder(f"{name}_{place}") for place, each in enumerate(operands, len(known))}
        known |= {node: given[operand] for operand, node in self.inputs_of_operands() if operand in given}
        for node in self.graph.nodes:
            if node.op != "placeholder":
                known[node] = graph.node_copy(node, lambda each: known[each])
        graph.output(tuple(known[result] for result in results))
        graph.eliminate_dead_code()
        return torch.fx.GraphModule(self.root, graph)

    # -- values --------------------------------------------------------------------------------------------------

    def get(self, place: Place) -> Any:
        """The node of this graph for a node of a path; it becomes an operand where it is outside of this graph."""
        known = self._known.get(place)
        if known is None:
            argument = itself(place.node)  # an operation in another graph has written to it
            outside = argument is not place.node
            known = self.get(Place(place.path, argument)) if outside else self._from_outside(place)
            self._known[place] = known
        return known

    def _from_outside(self, place: Place) -> torch.fx.Node:
        if self.parent is None:
            return self._constant(place)
        outer = self.outer_place(place)
        if is_number(place.node):
            return self._number(place)
        root = self._root_of(place)
        if root in self._copied:
            return self._derived(place)
        return self._captured(outer)

    def _constant(self, place: Place) -> torch.fx.Node:
        """An input that only one of the paths has: a constant of its code."""
        if place.node not in place.path.inputs:
            raise Unlike(f"{place.node.name} is computed on the other side only")
        described = place.path.inputs[place.node]
        for known, node in self._known.items():
            if known.path.inputs.get(known.node) == described:
                return node
        return self.placeholder(f"{place.node.name}_of_path_{place.path.number}")

    def outer_place(self, place: Place) -> Place:
        """The place in the coordinates of the graph around this one."""
        if self.alignment is None or place.path is not self.alignment.two or self.side == 0:
            return place
        found = self.alignment.back.get(place.node)
        return place if found is None else Place(self.alignment.one, found)

    def _captured(self, outer: Place) -> torch.fx.Node:
        assert self.parent is not None
        outer = self.outer_place(outer)
        return self._operand(self.parent.get(outer), outer.node.name)

    def _operand(self, outer: Any, name: str) -> torch.fx.Node:
        self.operands.append(outer)
        self._taken.append(self.placeholder(name))
        return self._taken[-1]

    def placeholder(self, name: str) -> torch.fx.Node:
        """Adds an input of the graph."""
        first = next((node for node in self.graph.nodes if node.op != "placeholder"), None)
        with self.graph.inserting_before(first) if first is not None else self.graph.inserting_after():
            return self.graph.placeholder(name)

    # -- numbers -------------------------------------------------------------------------------------------------

    def _number(self, place: Place) -> torch.fx.Node:
        """A number from outside: a size is read again of its tensor, what is computed of numbers is computed again. Any
        other comes as a tensor, so that torch makes a symbol of this side alone for it.
        """
        node = place.node
        computed = node.op == "call_function" and node.target is not _ATEN.item.default and not _reads_data(node)
        if computed and not self._is_joined_outside(place):
            args, kwargs = torch.fx.map_arg((node.args, node.kwargs), lambda given: self.get(Place(place.path, given)))
            made = self.graph.call_function(node.target, args, kwargs)
            copy_origin(made, node)
            return made
        assert self.parent is not None
        outer = self.outer_place(place)
        given = to_tensor(self.parent, self.parent.get(outer), value_of(node))
        # Torch gives reads of one tensor one symbol: without a copy, what one side knows of it would hold on the other.
        copy = self.call(_ATEN.clone.default, (self._operand(given, node.name),), like=node)
        return from_tensor(self, copy, value_of(node))

    def _is_joined_outside(self, place: Place) -> bool:
        """Whether a node stands for what a `torch.cond` in a graph around this one returned."""
        body = self
        while body.parent is not None:
            place, body = body.outer_place(place), body.parent
            if place in body.joined:
                return True
        return False

    def redefined(self) -> list[torch.fx.Node]:
        """Nodes from before this graph that stand for what a `torch.cond` in it returned."""
        if self.path is None:
            return []
        return [
            place.node
            for place in self.joined
            if place.path is self.path and self.path.position.get(place.node, -1) < self._start
        ]

    # -- writes --------------------------------------------------------------------------------------------------

    def _check_writes(self, place: Place) -> None:
        for given in written_arguments(place.path.program, place.node):
            self.check_write(Place(place.path, given))

    def carry_memory(self, root: Place, content: torch.fx.Node) -> None:
        """The graph of a turn begins with `content` in memory that exists before it, and may write to it."""
        self._copied |= {root}
        self.copies[root] = self._known[root] = self.call(_ATEN.clone.default, (content,))

    def write_back(self, root: Place, content: torch.fx.Node) -> None:
        """Writes what an inner graph has left in a copy of memory to the memory."""
        if not getattr(value_of(root.node), "requires_grad", False):
            content = self.call(_ATEN.detach.default, (content,))  # `cond` makes every output require grad
        self.call(_ATEN.copy_.default, (self.get(root), content))

    def check_write(self, place: Place) -> None:
        """Raises `WritesOutside` where the memory of a node exists before this graph, and it has no copy of it."""
        self._check_separated(place)
        if self.parent is None:
            return
        root = self._root_of(place)
        if root is not None and root not in self._copied:
            raise WritesOutside(root)

    def _check_separated(self, place: Place) -> None:
        body: Body | None = self
        while body is not None:
            if (place.path, memory_of(place.node)) in body.separated:
                raise Unlike("it writes to memory that another tensor has on one side of an earlier branch only")
            root = body._root_of(place)
            if root is None:
                return
            place, body = body.outer_place(root), body.parent

    def _root_of(self, place: Place) -> Place | None:
        """The first node with the memory of a node, if it is outside of this graph."""
        memory = memory_of(place.node)
        if memory is None or self.parent is None:
            return None
        path = place.path
        roots = [node for node in path.of_memory.get(memory, ()) if path.position.get(node, -1) < self._start]
        if sum(node in path.inputs for node in roots) > 1:
            raise Unlike("it writes to memory that several inputs share")
        return Place(path, roots[0]) if roots else None

    def _derived(self, place: Place) -> torch.fx.Node:
        """A view from outside, made again of the copy of its memory."""
        node = place.node
        of = is_view_of(node) or returns_its_argument(node)
        if of is None:
            raise Unlike(f"it writes to memory that {node.name} shares in a way that cannot be repeated")
        base = self.get(Place(place.path, of))
        if returns_its_argument(node) is not None:
            return base
        rest = torch.fx.map_arg((node.args[1:], node.kwargs), lambda given: self.get(Place(place.path, given)))
        made = self.graph.call_function(node.target, (base, *rest[0]), rest[1])
        copy_origin(made, node)
        return made


def _reads_data(node: torch.fx.Node) -> bool:
    """Whether a number is computed of the data of a tensor, and not of numbers or of a tensor's sizes."""
    sizes = (_ATEN.sym_size.int, _ATEN.sym_stride.int, _ATEN.sym_numel.default, _ATEN.sym_storage_offset.default)
    if node.target in sizes:
        return False
    return any(not is_number(given) for given in node.all_input_nodes)


def to_tensor(body: Body, number: Any, example: Any) -> torch.fx.Node:
    """A tensor without dimensions of a number."""
    dtype = number_dtype(example)
    if dtype is torch.bool:
        number, dtype = body.call(torch.sym_ite, (number, 1, 0)), torch.int64
    made = body.call(_ATEN.scalar_tensor.default, (number,))
    made.kwargs = {"dtype": dtype}
    return made


def from_tensor(body: Body, tensor: torch.fx.Node, example: Any) -> torch.fx.Node:
    """The number in a tensor without dimensions."""
    read = body.call(_ATEN.item.default, (tensor,))
    return body.call(operator.eq, (read, 1)) if number_dtype(example) is torch.bool else read
