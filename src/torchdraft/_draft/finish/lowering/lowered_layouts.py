"""What lowering fixes by the layout of the example: whether an operator copied its argument.

`contiguous`, `reshape` and others return a view of their argument or a copy, by its strides. Lowering keeps one of the
two, and makes writes functional for it. Where a later write or `as_strided` tells the two apart, the lowered program
asserts the strides of the input; where the argument is a computed tensor, nothing can be asserted.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node

from torchdraft._torch.graph.returned_arguments import may_copy
from torchdraft._torch.symbolic.fake import OpOverload
from torchdraft.model.events import LayoutFixed

_aten = torch.ops.aten
_VIEW_OR_COPY = frozenset(
    (
        _aten.reshape.default,
        _aten.reshape_as.default,
        _aten.flatten.using_ints,
        _aten.ravel.default,
    )
)
_RESTRIDING = (_aten.as_strided.default, _aten.as_strided_.default)
_MESSAGE = "torchdraft: an input is laid out in another way than the example, by which an operator copied its argument"


@dataclass(frozen=True, slots=True)
class FixedLayout:
    """An operator that copied its argument or did not, and the input that decides it; None for a computed tensor."""

    op: str
    """Empty where the program asserts the strides of the input already, for the model read them."""
    trace: str
    source: str | None
    strides: tuple[Any, ...] = ()


def fixed_layouts(program: torch.export.ExportedProgram) -> list[FixedLayout]:
    """The operators of a program, before it is lowered, whose choice between view and copy shows later."""
    inputs = set(program.graph_signature.user_inputs)
    found = [_of_input("", "", source) for source in _read_layouts(program.graph) if source.name in inputs]
    told_apart = _told_apart(program.graph)
    for node in _operators(program.graph) if told_apart else ():
        if not _copies(node):
            continue
        source = _viewed(node)
        if source not in told_apart or not _shows_later(node, inputs):
            continue
        op, trace = node.target._schema.name.partition("::")[2], str(node.meta.get("stack_trace") or "")
        if source.op != "placeholder":
            found.append(FixedLayout(op, trace, None))
        elif source.name in inputs:
            found.append(_of_input(op, trace, source))
    return found


def _of_input(op: str, trace: str, source: Node) -> FixedLayout:
    return FixedLayout(op, trace, source.name, tuple(source.meta["val"].stride()))


def _read_layouts(graph: torch.fx.Graph) -> Iterator[Node]:
    """The tensors of which, or of views of which, a stride is read. Lowering replaces each read by what it knows."""
    for node in graph.nodes:
        if node.target is _aten.sym_stride.int:
            tensor = node.args[0]
            while (base := _base(tensor)) is not None and not _copies(tensor):
                tensor = base
            yield tensor


def assert_layouts(program: torch.export.ExportedProgram, layouts: list[FixedLayout]) -> Iterator[LayoutFixed]:
    """Asserts the strides of inputs at the start of a lowered program; an event for each operator."""
    asserted: dict[str, bool] = {}
    for layout in layouts:
        name = layout.source
        if name is not None and name not in asserted:
            asserted[name] = _assert_strides(program.graph, name, layout.strides)
        kept: Any = "memory" if name is not None and asserted[name] else "no"
        if layout.op:
            yield LayoutFixed(op=layout.op, asserted=kept, trace=layout.trace)
    if any(asserted.values()):
        program.graph_module.recompile()


def _operators(graph: torch.fx.Graph) -> Iterator[Node]:
    return (node for node in graph.nodes if node.op == "call_function" and isinstance(node.target, OpOverload))


def _copies(node: Node) -> bool:
    known = node.target in _VIEW_OR_COPY or may_copy(node.target, (*node.args, *node.kwargs.values()))
    return known and isinstance(node.args[0], Node)


def _viewed(node: Any) -> Node:
    """The tensor that `node` is a view of."""
    while (base := _base(node)) is not None:
        node = base
    assert isinstance(node, Node)
    return node


def _base(node: Node) -> Node | None:
    """The argument that the result of a view shares the memory of."""
    if node.target is operator.getitem and isinstance(node.args[0], Node):
        return node.args[0]
    if node.op != "call_function" or not isinstance(node.target, OpOverload):
        return None
    returns = node.target._schema.returns
    shares = _copies(node) or any(result.alias_info is not None for result in returns)
    return node.args[0] if shares and node.args and isinstance(node.args[0], Node) else None


def _told_apart(graph: torch.fx.Graph) -> set[Node]:
    """The tensors of which, or of views of which, something is written to, or addressed by strides. Only for these it
    matters whether an operator copied: a look at what follows each operator of a large graph would take long.
    """
    used = (
        argument
        for node in graph.nodes
        if node.op == "call_function"
        for argument in (node.all_input_nodes if node.target in _RESTRIDING else _written(node))
    )
    return {_viewed(argument) for argument in used if isinstance(argument, Node)}


def _shows_later(node: Node, inputs: set[str]) -> bool:
    """Whether a view and a copy differ for what follows: a write to one of argument and result precedes a use of the
    other, an input may be written to, or elements of the result are addressed by strides.
    """
    root = _viewed(node)
    ours: set[Node] = {node}
    written: set[bool] = set()
    after = False
    for other in node.graph.nodes:
        after = after or other is node
        if _base(other) in ours:
            ours.add(other)
        if not after or other is node:
            continue
        for used in other.all_input_nodes:
            ours_used = used in ours
            if not ours_used and _viewed(used) is not root:
                continue
            if (not ours_used) in written:  # the other side of the two was written to
                return True
            if ours_used and other.target in _RESTRIDING:
                return True
            if used in _written(other):
                written.add(ours_used)
                if ours_used and root.name in inputs:
                    return True
    return False


def _written(node: Node) -> list[Any]:
    """The arguments that a node writes to."""
    if not isinstance(node.target, OpOverload):
        return node.all_input_nodes if _has_writing_graph(node) else []
    arguments = node.target._schema.arguments
    given = [*zip(arguments, node.args, strict=False), *((a, node.kwargs.get(a.name)) for a in arguments)]
    return [value for argument, value in given if argument.alias_info is not None and argument.alias_info.is_write]


def _has_writing_graph(node: Node) -> bool:
    """Whether a region or branch that a node runs contains a write."""
    owner: Any = node.graph.owning_module
    graphs = [getattr(owner, arg.target, None) for arg in node.all_input_nodes if arg.op == "get_attr"]
    modules = [graph for graph in graphs if isinstance(graph, torch.fx.GraphModule)]
    return any(inner.target._schema.is_mutable for module in modules for inner in _operators(module.graph))


def _assert_strides(graph: torch.fx.Graph, name: str, strides: tuple[Any, ...]) -> bool:
    """Asserts the strides of an input, of which each has to be a product of numbers and sizes of the input."""
    placeholder = next((node for node in graph.nodes if node.op == "placeholder" and node.name == name), None)
    if placeholder is None:
        return False
    last = [node for node in graph.nodes if node.op == "placeholder"][-1]
    shape = placeholder.meta["val"].shape
    dims = [dim for dim, size in enumerate(shape) if not (isinstance(size, int) and size == 1)]
    sizes = {size.node.expr: dim for dim, size in enumerate(shape) if isinstance(size, torch.SymInt)}
    factors = [each for dim in dims if (each := _factors(strides[dim], sizes)) is not None]
    if len(factors) < len(dims):
        return False
    with graph.inserting_before(last.next):
        for dim, (number, of_dims) in zip(dims, factors, strict=True):
            want: Any = number
            for other in of_dims:
                size = _call(graph, _aten.sym_size.int, (placeholder, other), shape[other])
                want = size if want == 1 else _call(graph, operator.mul, (want, size), _value(want) * shape[other])
            got = _call(graph, _aten.sym_stride.int, (placeholder, dim), strides[dim])
            equal = _call(graph, operator.eq, (got, want), True)
            _call(graph, _aten._assert_scalar.default, (equal, _MESSAGE), None)
    return True


def _factors(stride: Any, sizes: dict[Any, int]) -> tuple[int, list[int]] | None:
    """A stride as a number and the dimensions whose sizes it is multiplied with; None for any other expression."""
    if isinstance(stride, int):
        return stride, []
    number, dims = 1, []
    for factor in stride.node.expr.as_ordered_factors():
        if factor.is_Integer:
            number *= int(factor)
        elif factor in sizes:
            dims.append(sizes[factor])
        else:
            return None
    return number, dims


def _call(graph: torch.fx.Graph, target: Any, args: tuple[Any, ...], value: Any) -> Node:
    node = graph.call_function(target, args)
    node.meta["val"] = value
    return node


def _value(number: Any) -> Any:
    return number.meta["val"] if isinstance(number, Node) else number
