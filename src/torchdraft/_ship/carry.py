"""Writes the assumptions of a program into its graph, as operations on tensors that every consumer keeps."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._draft.finish.numbers.conditions import ConditionWriter, NotWritable, ReadSize, by_symbol
from torchdraft._draft.report.assertion_messages import title_of
from torchdraft._torch.graph.guards import guard_graph
from torchdraft._torch.graph.values import HigherOrderOperator
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import SHIP
from torchdraft._torch.symbolic.fake import FakeTensor, FakeTensorMode
from torchdraft.model import Issue
from torchdraft.model.shipment import Assumption, Carried

from .assumptions import assertions, is_assertion, issues_by_node, text_of_assertion

_ATEN = torch.ops.aten


@dataclass(slots=True)
class Checks:
    """The checks that are written into one graph."""

    conditions: list[tuple[int, torch.fx.Node]] = field(default_factory=list)
    """Number of the assumption, tensor of one bool."""
    broken: list[torch.fx.Node] = field(default_factory=list)
    """Numbers of assumptions that inner graphs found broken, 0 for none."""

    def __bool__(self) -> bool:
        return bool(self.conditions or self.broken)


class Carrier:
    """Writes the assumptions of one program, and numbers them."""

    def __init__(
        self,
        program: torch.export.ExportedProgram,
        issues: tuple[Issue, ...],
        size: ReadSize = by_symbol,
        in_place: bool = False,
    ) -> None:
        self.program = program
        self.size = size
        self.in_place = in_place
        self.issues = issues_by_node(issues)
        self.assumptions: list[Assumption] = []
        self.laid_out: dict[str, None] = {}
        """The inputs of whose strides or offset a guard says something."""
        self.fake_mode = fake_mode_of(program)

    def write(self) -> torch.fx.Node | None:
        """Writes all conditions. Returns the number of the first broken one, 0 for none; None if there are none."""
        graph = self.program.graph
        checks = Checks()
        writer = ConditionWriter(graph, self.fake_mode, self.size)
        nodes = list(graph.nodes)
        self._guards(writer, checks)
        self._assertions(self.program.graph_module, nodes, writer, checks)
        writer.before = next(iter(graph.find_nodes(op="output")))
        return self.first_broken(writer, checks)

    def end_of_graph(self) -> ConditionWriter:
        """A writer at the end of the outermost graph."""
        writer = ConditionWriter(self.program.graph, self.fake_mode, self.size)
        (writer.before,) = self.program.graph.find_nodes(op="output")
        return writer

    # -- what is checked

    def _guards(self, writer: ConditionWriter, checks: Checks) -> None:
        """The conditions on the inputs: sizes, ranges, equal sizes, values of constant arguments."""
        with applied(SHIP):
            found = guard_graph(self.program)
        if found is None:
            return
        graph, guards = found
        placeholders = self.program.graph.find_nodes(op="placeholder")
        writer.before = placeholders[-1].next if placeholders else None
        inputs = {node.name: node for node in placeholders}
        known: dict[torch.fx.Node, Any] = {}
        for node in graph.nodes:
            known[node] = _input(inputs[node.name]) if node.op == "placeholder" else _copied(writer, node, known)
            if node.target in _LAYOUT:
                self.laid_out[str(node.args[0])] = None
        for guard in guards:
            self._guard(writer, checks, guard.text, known.get(guard.condition, guard.condition))
        for made in reversed([each for each in known.values() if isinstance(each, torch.fx.Node)]):
            if made.op != "placeholder" and not made.users:
                self.program.graph.erase_node(made)

    def _guard(self, writer: ConditionWriter, checks: Checks, text: str, condition: Any) -> None:
        assumption = self._assumption(text.replace(".size()[", ".shape["), "input")
        if isinstance(condition, torch.fx.Node):
            self._check(writer, checks, assumption, condition)
        elif condition is None:
            self._lost(assumption, "the guard cannot be written as operations")
        else:  # about a constant argument, which is no input of the shipped program
            self._became(assumption, Carried.RUNTIME)

    def _assertions(
        self, module: torch.fx.GraphModule, nodes: list[torch.fx.Node], writer: ConditionWriter, checks: Checks
    ) -> None:
        for node in nodes:
            if is_assertion(node):
                self._assertion(writer, checks, node)
            elif isinstance(node.target, HigherOrderOperator):
                self._inner(module, writer, checks, node)

    def _assertion(self, writer: ConditionWriter, checks: Checks, node: torch.fx.Node) -> None:
        issues = self.issues.get(node.name, [])
        kind = issues[0].name if issues else "assertion"
        assumption = self._assumption(text_of_assertion(node, issues, title_of), kind, issues, node.name)
        condition = node.args[0]
        if condition is True:
            self._became(assumption, Carried.RUNTIME)
            return
        writer.before = node
        self._check(writer, checks, assumption, condition)

    def _check(self, writer: ConditionWriter, checks: Checks, assumption: Assumption, condition: Any) -> None:
        try:
            held = writer.condition(condition)
        except NotWritable as error:
            self._lost(assumption, f"no operator for {error}")
            return
        self._became(assumption, Carried.OPERATOR)
        if self.in_place:
            writer.assertion(held, assumption.text)
        else:
            checks.conditions.append((assumption.number, held))

    def _assumption(self, text: str, kind: str, issues: Sequence[Issue] = (), node: str = "") -> Assumption:
        codes = tuple(dict.fromkeys(issue.code for issue in issues))
        made = Assumption(number=len(self.assumptions) + 1, text=text, kind=kind, node=node, codes=codes)
        self.assumptions.append(made)
        return made

    def _became(self, assumption: Assumption, carried: Carried, reason: str = "") -> None:
        self.assumptions[assumption.number - 1] = assumption.became(carried, reason)

    # -- graphs of branches, loops and regions

    def _inner(
        self, module: torch.fx.GraphModule, writer: ConditionWriter, checks: Checks, node: torch.fx.Node
    ) -> None:
        """The assertions in the graphs that an operator calls. Each graph returns the number of a broken one."""
        graphs = _graphs(module, node)
        if not any(has_assertions(graph) for graph in graphs):
            return
        kind = str(node.target)
        if self.in_place:
            for graph in graphs:
                self._assertions(
                    graph, list(graph.graph.nodes), ConditionWriter(graph.graph, self.fake_mode, self.size), Checks()
                )
                graph.recompile()
        elif kind == "while_loop":
            self._loop(module, writer, checks, node)
        elif kind in _RUN_ONCE:
            self._run_once(graphs, writer, checks, node)
        elif kind in _ROWS:
            self._per_row(graphs[0], writer, checks, node)
        else:
            for graph in graphs:
                self._lose_all(graph, f"inside `{kind}`, which can return no number of a broken assumption")

    def _run_once(
        self, graphs: list[torch.fx.GraphModule], writer: ConditionWriter, checks: Checks, node: torch.fx.Node
    ) -> None:
        for graph in graphs:
            broken, end = self._broken_in(graph)
            end.args = ((*_outputs(end), broken),)
            graph.recompile()
        count = len(node.meta["val"])
        node.meta["val"] = (*node.meta["val"], broken.meta["val"])
        writer.before = node.next
        checks.broken.append(writer.call(operator.getitem, node, count))

    def _per_row(
        self, graph: torch.fx.GraphModule, writer: ConditionWriter, checks: Checks, node: torch.fx.Node
    ) -> None:
        """A number for each row, of which the lowest that is not 0 is taken."""
        broken, end = self._broken_in(graph)
        end.args = ((*_outputs(end), broken),)
        graph.recompile()
        rows: Any = node.args[_ROWS[str(node.target)]]
        with self.fake_mode:
            numbers = torch.empty(rows[0].meta["val"].shape[:1], dtype=torch.int64)
        count = len(node.meta["val"])
        node.meta["val"] = (*node.meta["val"], numbers)
        writer.before = node.next
        found = writer.call(operator.getitem, node, count)
        none = writer.constant(_NONE)
        found = writer.call(_ATEN.where.self, writer.call(_ATEN.eq.Scalar, found, 0), none, found)
        found = writer.call(_ATEN.cat.default, [found, writer.call(_ATEN.reshape.default, none, [1])])  # without rows
        checks.broken.append(writer.call(_ATEN.remainder.Scalar, writer.call(_ATEN.amin.default, found, [0]), _NONE))

    def _broken_in(self, graph: torch.fx.GraphModule) -> tuple[torch.fx.Node, torch.fx.Node]:
        """The number of the first broken assumption of an inner graph, and its output node."""
        inner, found = ConditionWriter(graph.graph, self.fake_mode, self.size), Checks()
        self._assertions(graph, list(graph.graph.nodes), inner, found)
        (end,) = graph.graph.find_nodes(op="output")
        inner.before = end
        return self.first_broken(inner, found) or inner.constant(0), end

    def _loop(self, module: torch.fx.GraphModule, writer: ConditionWriter, checks: Checks, node: torch.fx.Node) -> None:
        """The number is carried from one iteration to the next."""
        condition, body = _graphs(module, node)
        self._lose_all(condition, "in the condition of a loop")
        carried, further = node.args[2], node.args[3]
        for graph in (condition, body):
            places = graph.graph.find_nodes(op="placeholder")
            with graph.graph.inserting_before(places[len(carried)] if further else places[-1].next):
                number = graph.graph.placeholder("torchdraft_broken_so_far")
            with self.fake_mode:
                number.meta["val"] = torch.zeros((), dtype=torch.int64)
            condition.recompile()
        broken, end = self._broken_in(body)
        inner = ConditionWriter(body.graph, self.fake_mode, self.size)
        inner.before = end
        (number,) = [each for each in body.graph.find_nodes(op="placeholder") if "broken_so_far" in str(each.target)]
        end.args = ((*_outputs(end), inner.call(_ATEN.where.self, inner.cast(number, torch.bool), number, broken)),)
        body.recompile()
        writer.before = node
        node.args = (*node.args[:2], (*carried, writer.constant(0)), further)
        node.meta["val"] = (*node.meta["val"], broken.meta["val"])
        writer.before = node.next
        checks.broken.append(writer.call(operator.getitem, node, len(carried)))

    def _lose_all(self, module: torch.fx.GraphModule, reason: str) -> None:
        for node in assertions(module.graph):
            issues = self.issues.get(node.name, [])
            self._became(
                self._assumption(text_of_assertion(node, issues, title_of), "assertion", issues, node.name),
                Carried.LOST,
                reason,
            )
        for node in module.graph.nodes:
            for graph in _graphs(module, node):
                self._lose_all(graph, reason)

    def _lost(self, assumption: Assumption, reason: str) -> None:
        self._became(assumption, Carried.LOST, reason)

    def first_broken(self, writer: ConditionWriter, checks: Checks) -> torch.fx.Node | None:
        """The number of the first condition of a graph that does not hold, 0 if all hold; None without conditions."""
        if not checks:
            return None
        found = writer.constant(0)
        for number in reversed(checks.broken):
            found = writer.call(_ATEN.where.self, writer.cast(number, torch.bool), number, found)
        for number, condition in reversed(checks.conditions):
            found = writer.call(_ATEN.where.self, condition, found, writer.constant(number))
        return found


_RUN_ONCE = ("cond", "wrap_with_set_grad_enabled", "wrap_with_autocast")
"""Operators that run one of their graphs once, and return what it returns."""

_ROWS = {"map_impl": 1, "scan": 2}
"""Operators that call their graph with each row, and stack its last outputs → the argument that has the rows."""

_NONE = 1 << 30
"""More than the number of any assumption: none is broken."""


def has_assertions(module: torch.fx.GraphModule) -> bool:
    """Whether a graph, or one inside it, contains an assertion."""
    inner = (graph for node in module.graph.nodes for graph in _graphs(module, node))
    return any(True for _ in assertions(module.graph)) or any(has_assertions(graph) for graph in inner)


def _graphs(module: torch.fx.GraphModule, node: torch.fx.Node) -> list[torch.fx.GraphModule]:
    """The graphs that a node calls."""
    if not isinstance(node.target, HigherOrderOperator):
        return []
    named = [getattr(module, str(each.target), None) for each in node.all_input_nodes if each.op == "get_attr"]
    return [each for each in named if isinstance(each, torch.fx.GraphModule)]


def _outputs(end: torch.fx.Node) -> tuple[Any, ...]:
    (outputs,) = end.args
    return tuple(outputs) if isinstance(outputs, (tuple, list)) else (outputs,)


def _input(node: torch.fx.Node) -> Any:
    """The input, or its value if it is a constant argument."""
    value = node.meta.get("val")
    return node if isinstance(value, (torch.Tensor, torch.SymInt, torch.SymFloat, torch.SymBool)) else value


def _copied(writer: ConditionWriter, node: torch.fx.Node, known: Mapping[Any, Any]) -> Any:
    """A step of a guard, computed if it is constant, and otherwise written into the program's graph."""
    args = torch.fx.node.map_arg(node.args, lambda each: known[each])
    if node.op == "call_method":
        return _READS[str(node.target)](writer, args[0])
    if isinstance(args[0], _OfDimensions):
        return writer.call(args[0].read, args[0].tensor, args[1])
    if not any(isinstance(each, torch.fx.Node) for each in args):
        return node.target(*args)
    return writer.call(node.target, *args)


@dataclass(frozen=True, slots=True)
class _OfDimensions:
    """The sizes or the strides of an input."""

    read: Any
    tensor: torch.fx.Node


_READS: Mapping[str, Callable[[ConditionWriter, torch.fx.Node], Any]] = {
    "size": lambda _, tensor: _OfDimensions(_ATEN.sym_size.int, tensor),
    "stride": lambda _, tensor: _OfDimensions(_ATEN.sym_stride.int, tensor),
    "storage_offset": lambda writer, tensor: writer.call(_ATEN.sym_storage_offset.default, tensor),
}
"""Method of a tensor that a guard calls → what it returns."""

_LAYOUT = ("stride", "storage_offset")


def fake_mode_of(program: torch.export.ExportedProgram) -> Any:
    """The fake mode of the values in the metadata of the program."""
    for node in program.graph.nodes:
        if isinstance(node.meta.get("val"), FakeTensor):
            return node.meta["val"].fake_mode
    return FakeTensorMode()
