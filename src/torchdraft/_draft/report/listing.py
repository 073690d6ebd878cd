"""Lists the nodes of a program as plain data, for the HTML page. Nothing is listed before something asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from torchdraft._source.files import sources_of
from torchdraft._source.locations import user_frames_of_text
from torchdraft._source.symbolic.captured import shown
from torchdraft._torch.symbolic.fake import OpOverload
from torchdraft.model import Issue
from torchdraft.model.events import ObservedTensor
from torchdraft.model.listing import ListedNode, ListedPlace, Listing, NodeKind

from .graph_nodes import nodes_of

LONGEST_CODE = 200
"""Characters of the code of a node. A call with a long list of constants is cut."""


class ProgramGraph:
    """What a report keeps of its program: the graph, without the weights. It is lost in a pickle."""

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self.graph_module = program.graph_module
        self.signature = program.graph_signature
        self.ranges = program.range_constraints

    def __call__(self, issues: Sequence[Issue]) -> Listing:
        """The nodes, with the numbers of those `issues` that they carry."""
        return listing_of(self, issues)

    def __deepcopy__(self, memo: dict[int, Any]) -> ProgramGraph:
        return self

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _nothing, ()


def _nothing() -> None:
    """What a pickle has in the place of a graph."""


def listing_of(program: ProgramGraph, issues: Sequence[Issue]) -> Listing:
    """The nodes of the program and of its subgraphs."""
    listed = _Nodes(_kinds(program.signature))
    listed.add(program.graph_module, "", "")
    places = tuple(listed.places)
    nodes = _with_issues(listed.nodes, issues)
    frames = [frame for issue in issues for frame in (*issue.user_stack, *([issue.location] if issue.location else []))]
    return Listing(
        nodes=tuple(nodes),
        places=places,
        modules=listed.modules,
        ranges={str(symbol): _range(found) for symbol, found in program.ranges.items()},
        sources=sources_of(frames, [place.file for place in places]),
    )


@dataclass(slots=True)
class _Nodes:
    """Collects the nodes of a graph and of the subgraphs that its operators run."""

    kinds: Mapping[str, tuple[NodeKind, str]]
    nodes: list[ListedNode] = field(default_factory=list)
    places: dict[ListedPlace, int] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    _of_stack: dict[str, int | None] = field(default_factory=dict)
    _values: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def add(
        self, owner: torch.fx.GraphModule, graph: str, module: str, inputs: Sequence[int | None] = ()
    ) -> int | None:
        """Add the nodes of a graph; returns the number of its output. `inputs`: what its inputs stand for."""
        numbers: dict[torch.fx.Node, int] = {}
        given = iter(inputs)
        for node in owner.graph.nodes:
            inner = _subgraph(owner, node)
            if inner is not None:
                continue  # the operator that runs it adds it, and knows its module
            reads = [numbers[each] for each in node.all_input_nodes if each in numbers]
            if node.op == "placeholder" and graph:
                reads = [number for number in [next(given, None)] if number is not None]
            at = self._module(node) or module
            for name, body in _bodies(owner, node):
                operands = [numbers.get(each) for each in _operands(node, body)]
                out = self.add(body, f"{graph}.{name}".lstrip("."), at, operands)
                reads += [out] if out is not None else []
            numbers[node] = len(self.nodes)
            self.nodes.append(self._listed(node, reads, at, graph))
        return len(self.nodes) - 1 if owner.graph.nodes else None

    def _listed(self, node: torch.fx.Node, reads: Sequence[int], module: str, graph: str) -> ListedNode:
        kind, target = self.kinds.get(node.name, ("input", node.name)) if node.op == "placeholder" else _call(node)
        return ListedNode(
            name=node.name,
            target=target if not graph or node.op != "placeholder" else node.name,
            kind=kind if not graph or node.op != "placeholder" else "input",
            code="" if node.op == "placeholder" else _code(node),
            inputs=tuple(reads),
            value="" if node.op == "output" else self._value(node.meta.get("val")),
            module=module,
            graph=graph,
            place=self._place(node),
        )

    def _module(self, node: torch.fx.Node) -> str:
        stack = node.meta.get("nn_module_stack") or {}
        own = [entry for entry in stack.values() if not str(entry[0]).startswith("_empty_nn_module_stack")]
        for path, cls in own:
            self.modules.setdefault(str(path), (cls if isinstance(cls, str) else cls.__qualname__).rpartition(".")[2])
        return str(own[-1][0]) if own else ""

    def _place(self, node: torch.fx.Node) -> int | None:
        """The number of the innermost line of the user's code that made the node."""
        trace = str(node.meta.get("stack_trace") or "")
        if trace not in self._of_stack:
            frames = user_frames_of_text(trace)
            found = (
                ListedPlace(file=frames[-1].file, line=frames[-1].line, function=frames[-1].function)
                if frames
                else None
            )
            self._of_stack[trace] = None if found is None else self.places.setdefault(found, len(self.places))
        return self._of_stack[trace]

    def _value(self, value: Any) -> str:
        if isinstance(value, (list, tuple)):
            return ", ".join(map(self._value, value[:8])) + (", …" if len(value) > 8 else "")
        if not isinstance(value, torch.Tensor):
            return "" if value is None else str(value)[:80]
        shape = tuple(value.shape)
        key = (value.dtype, *((size.node.expr if isinstance(size, torch.SymInt) else size) for size in shape))
        if key not in self._values:
            self._values[key] = shown(ObservedTensor(value.dtype, shape))
        return self._values[key]


def _subgraph(owner: torch.fx.GraphModule, node: Any) -> torch.fx.GraphModule | None:
    """The graph that a `get_attr` node names."""
    if not isinstance(node, torch.fx.Node) or node.op != "get_attr":
        return None
    found: Any = owner
    for part in str(node.target).split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, torch.fx.GraphModule) else None


def _bodies(owner: torch.fx.GraphModule, node: torch.fx.Node) -> Iterator[tuple[str, torch.fx.GraphModule]]:
    """The subgraphs that an operator runs."""
    for each in node.all_input_nodes:
        inner = _subgraph(owner, each)
        if inner is not None:
            yield str(each.target), inner


def _operands(node: torch.fx.Node, body: torch.fx.GraphModule) -> list[Any]:
    """What the inputs of a subgraph stand for. Control flow operators have these as their last arguments."""
    flat = list(_flat((*node.args, *node.kwargs.values())))
    return flat[len(flat) - len(body.graph.find_nodes(op="placeholder")) :]


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _flat(each)
    else:
        yield value if isinstance(value, torch.fx.Node) else None  # a slice cannot be looked up


def _kinds(signature: torch.export.ExportGraphSignature) -> dict[str, tuple[NodeKind, str]]:
    """Name of a placeholder → what it is, and its name in the model or in the call."""
    named: dict[str, NodeKind] = {"PARAMETER": "weight", "BUFFER": "weight", "USER_INPUT": "input"}
    return {
        getattr(spec.arg, "name", ""): (
            named.get(spec.kind.name, "constant"),
            spec.target or getattr(spec.arg, "name", ""),
        )
        for spec in signature.input_specs
    }


def _call(node: torch.fx.Node) -> tuple[NodeKind, str]:
    if node.op == "output":
        return "output", "output"
    if node.op != "call_function":
        return "other", str(node.target)
    name = str(node.target) if isinstance(node.target, OpOverload) else getattr(node.target, "__name__", "")
    return "call", name or str(node.target)


def _code(node: torch.fx.Node) -> str:
    arguments = [_argument(each) for each in node.args]
    arguments += [f"{name}={_argument(each)}" for name, each in node.kwargs.items()]
    text = ", ".join(arguments)
    return text if len(text) <= LONGEST_CODE else f"{text[: LONGEST_CODE - 1]}…"


def _argument(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(_argument, value[:20])) + (", …" if len(value) > 20 else "")
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return str(value) if isinstance(value, torch.fx.Node) else repr(value)[:LONGEST_CODE]


def _with_issues(nodes: list[ListedNode], issues: Sequence[Issue]) -> list[ListedNode]:
    """The nodes with the issues that they carry."""
    by_name = {node.name: number for number, node in enumerate(nodes) if not node.graph}
    carried: dict[int, dict[int, None]] = {}
    for number, issue in enumerate(issues):
        for name in nodes_of(issue):
            if name in by_name:
                carried.setdefault(by_name[name], {})[number] = None
    return [replace(node, issues=tuple(sorted(carried[n]))) if n in carried else node for n, node in enumerate(nodes)]


def _range(found: Any) -> str:
    low, high = (str(bound).replace("int_oo", "∞").replace("oo", "∞") for bound in (found.lower, found.upper))
    return f"[{low}, {high}]"
