"""The inputs of a program: names, symbolic shapes, and the example that it was made with."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
import torch
from torch.export.graph_signature import InputKind

from torchdraft._draft.finish.saving.example_inputs import example_inputs
from torchdraft._torch import pytree

from .call import Call


@dataclass(frozen=True, slots=True)
class Leaf:
    """One input of the graph."""

    name: str
    """The name in the program, which its assertions use as well."""
    example: Any
    shape: tuple[Any, ...] = ()
    """For a tensor: its sizes as sympy expressions."""
    number: Any = None
    """For a dynamic int: its expression."""
    node: torch.fx.Node | None = None

    path: str = ""
    """The path from the arguments of `forward`: `batch['ids']`."""

    @property
    def is_tensor(self) -> bool:
        """True if the input is a tensor."""
        return isinstance(self.example, torch.Tensor)


@dataclass(frozen=True, slots=True)
class Interface:
    """All inputs of a program, in the order of its graph."""

    leaves: tuple[Leaf, ...]
    spec: Any
    """The pytree spec of `(args, kwargs)`."""

    def inputs(self, values: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments built from one value per leaf."""
        args, kwargs = pytree.tree_unflatten(values, self.spec)
        return tuple(args), dict(kwargs)

    def values(self, call: Call) -> list[Any] | None:
        """One value per leaf, or None if the call does not have the structure of the program's inputs."""
        values, spec = pytree.tree_flatten((call.args, self._in_order(call.kwargs)))
        return values if pytree.outline(spec) == pytree.outline(self.spec) else None

    def _in_order(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        order = self.spec.children()[1].context
        known = {name: kwargs[name] for name in order if name in kwargs}
        return {**known, **{name: value for name, value in kwargs.items() if name not in known}}


def interface_of(program: torch.export.ExportedProgram, names: Sequence[str] = ()) -> Interface:
    """The inputs of a program. `names` are the names of the model's positional arguments.

    Raises `ValueError` if the program has no example inputs.
    """
    example = example_inputs(program)
    if example is None:
        raise ValueError("the program carries no example inputs to draw others from: give verify(…, inputs=[…])")
    inputs = tuple(example[0]), dict(example[1] or {})
    values, spec = pytree.tree_flatten(inputs)
    held = [node for node in program.graph.nodes if node.op == "placeholder"]
    specs = program.graph_signature.input_specs
    nodes = [node for node, each in zip(held, specs, strict=True) if each.kind is InputKind.USER_INPUT]
    if len(nodes) != len(values):
        raise ValueError(
            f"the program has {len(nodes)} inputs and its example {len(values)}: give verify(…, inputs=[…])"
        )
    paths = paths_of(inputs, names)
    leaves = (_leaf(node, value, path) for node, value, path in zip(nodes, values, paths, strict=True))
    return Interface(tuple(leaves), spec)


def paths_of(inputs: tuple[Any, Any], names: Sequence[str]) -> list[str]:
    """The path of each leaf of `(args, kwargs)`. `names` are the names of `forward`'s positional arguments."""
    known = dict(enumerate(names))
    paths = []
    for (_, first, *rest), _leaf in pytree.leaves_with_path(inputs):
        argument = known.get(first.idx, f"args[{first.idx}]") if isinstance(first, pytree.SequenceKey) else first.key
        paths.append(f"{argument}{pytree.keystr(rest)}")
    return paths


def argument_names(model: torch.nn.Module) -> list[str]:
    """The names of the positional arguments of `forward`."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [each.name for each in parameters if each.kind in positional]


def expression_of(value: Any) -> Any:
    """A size or number as a sympy expression."""
    if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        return value.node.expr
    return sympy.sympify(value)


def substitute(expr: Any, sizes: Mapping[Any, int]) -> Any:
    """`expr` with its symbols replaced by numbers."""
    return sympy.sympify(expr.xreplace({symbol: sympy.Integer(size) for symbol, size in sizes.items()}))


def _leaf(node: torch.fx.Node, example: Any, path: str) -> Leaf:
    held = node.meta.get("val")
    if isinstance(held, torch.Tensor) and isinstance(example, torch.Tensor):
        return Leaf(node.name, example, tuple(expression_of(size) for size in held.shape), node=node, path=path)
    if isinstance(held, torch.SymInt) and type(example) is int:
        return Leaf(node.name, example, number=expression_of(held), node=node, path=path)
    return Leaf(node.name, example, node=node, path=path)
