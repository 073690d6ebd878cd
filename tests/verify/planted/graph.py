"""Operations on the graph of an exported program."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.export.graph_signature import ConstantArgument, InputKind, InputSpec, TensorArgument

from torchdraft._torch import pytree

Program = torch.export.ExportedProgram


def copied(program: Program) -> Program:
    """A deep copy. Copying the pytree spec of the inputs causes a FutureWarning of torch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return copy.deepcopy(program)


def calls(program: Program) -> Iterator[torch.fx.Node]:
    """The operations of the graph."""
    return (node for node in program.graph.nodes if node.op == "call_function")


def placeholders(program: Program, kind: InputKind) -> list[torch.fx.Node]:
    """The inputs of one kind."""
    held = [node for node in program.graph.nodes if node.op == "placeholder"]
    specs = program.graph_signature.input_specs
    return [
        node
        for node, spec in zip(held, specs, strict=True)
        if spec.kind is kind and not isinstance(spec.arg, ConstantArgument)
    ]


def replace(node: torch.fx.Node, value: Any, where: Callable[[torch.fx.Node], bool] = lambda _user: True) -> None:
    """Replaces uses of `node` by another node or a plain value."""
    for user in list(node.users):
        if where(user):
            user.args = torch.fx.map_arg(user.args, lambda arg: value if arg is node else arg)
            user.kwargs = torch.fx.map_arg(user.kwargs, lambda arg: value if arg is node else arg)


def from_inputs(program: Program) -> set[torch.fx.Node]:
    """The nodes that depend on the user's inputs."""
    found = set(placeholders(program, InputKind.USER_INPUT))
    for node in program.graph.nodes:
        if any(source in found for source in node.all_input_nodes):
            found.add(node)
    return found


def used(program: Program) -> set[torch.fx.Node]:
    """The nodes that an output depends on."""
    waiting = [next(node for node in program.graph.nodes if node.op == "output")]
    found: set[torch.fx.Node] = set()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(node.all_input_nodes)
    return found


def asserts(node: torch.fx.Node) -> bool:
    """True if a node asserts a condition on a number."""
    return node.target is torch.ops.aten._assert_scalar.default


def symbols(node: torch.fx.Node) -> frozenset[str]:
    """Names of the symbols in the value of a node. For an assertion, those in the condition of its message."""
    if asserts(node):
        return frozenset(re.findall(r"\b(?:s|u|zf|zuf)\d+\b", str(node.args[1])))
    value = node.meta.get("val")
    symbolic = isinstance(value, (torch.SymInt, torch.SymBool, torch.SymFloat))
    return frozenset(map(str, value.node.expr.free_symbols)) if symbolic else frozenset()


def add_constant(program: Program, value: torch.Tensor) -> torch.fx.Node:
    """Adds a constant tensor to the program, as its first input."""
    name = f"c_planted_{len(program.constants)}"
    first = next(iter(program.graph.nodes))
    with program.graph.inserting_before(first):
        node = program.graph.placeholder(name)
    node.meta["val"] = value
    program.graph_signature.input_specs.insert(
        0, InputSpec(InputKind.CONSTANT_TENSOR, TensorArgument(name), f"planted_{len(program.constants)}")
    )
    program.constants[f"planted_{len(program.constants)}"] = value
    return node


class Recorder(torch.fx.Interpreter):
    """Runs a graph and records all values."""

    def __init__(self, module: torch.fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.values: dict[str, Any] = {}

    def run_node(self, node: torch.fx.Node) -> Any:
        """Runs a node and records a copy of its value."""
        value = super().run_node(node)
        self.values[node.name] = value.detach().clone() if isinstance(value, torch.Tensor) else value
        return value


def values_on_example(program: Program) -> dict[str, Any]:
    """The value of every node on the example inputs."""
    recorder = Recorder(copied(program).module())
    recorder.run(*pytree.tree_leaves(copy.deepcopy(program.example_inputs)), enable_io_processing=False)
    return recorder.values
