"""What the nodes of a traced graph stand for: kinds of values, memory, and which arguments an operation writes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from .. import pytree
from ..probe import need
from ..symbolic.fake import FakeTensor, OpOverload
from ..symbolic.shapes import SYMBOLIC, is_unbacked

HigherOrderOperator: Any = need("torch._ops:HigherOrderOperator")
"""The class of operators that call graphs: `torch.cond`, loops, regions."""


def value_of(node: torch.fx.Node) -> Any:
    """The fake tensor or symbolic number that a node stands for."""
    return node.meta.get("val")


def can_be_joined(one: torch.fx.Node, two: torch.fx.Node) -> bool:
    """Whether a `torch.cond` can return the values of two nodes as one: tensors of one dtype, device and rank, or
    numbers of one type.
    """
    left, right = value_of(one), value_of(two)
    if not isinstance(left, torch.Tensor) or not isinstance(right, torch.Tensor):
        return number_dtype(left) is not None and number_dtype(left) is number_dtype(right)
    same = all(getattr(left, name) == getattr(right, name) for name in ("dtype", "device", "layout", "is_quantized"))
    plain = type(left) is type(right) is FakeTensor and left.layout is torch.strided and not left.is_quantized
    return same and plain and not left.is_nested and not right.is_nested and left.dim() == right.dim()


def number_dtype(value: Any) -> torch.dtype | None:
    """The dtype of a tensor that holds a number exactly; None for what is no number."""
    return _DTYPES.get(type(value))


_DTYPES = {
    **dict.fromkeys((torch.SymBool, bool), torch.bool),
    **dict.fromkeys((torch.SymInt, int), torch.int64),
    **dict.fromkeys((torch.SymFloat, float), torch.float64),
}


def is_number(node: torch.fx.Node) -> bool:
    """Whether a node stands for a symbolic number."""
    return isinstance(value_of(node), (*SYMBOLIC, int, float, bool))


def memory_of(node: torch.fx.Node) -> Any:
    """The identity of the memory of a node's tensor; None for other values."""
    value = value_of(node)
    if not isinstance(value, torch.Tensor) or value.layout is not torch.strided or value.is_nested:
        return None
    return value.untyped_storage()._cdata


def inner_graph(program: torch.export.ExportedProgram, node: torch.fx.Node) -> torch.fx.GraphModule | None:
    """The graph module that a `get_attr` node of the outermost graph names."""
    found = getattr(program.graph_module, str(node.target), None)
    return found if isinstance(found, torch.fx.GraphModule) else None


def written_arguments(program: torch.export.ExportedProgram, node: torch.fx.Node) -> Iterator[torch.fx.Node]:
    """The nodes whose memory an operation writes to."""
    if isinstance(node.target, OpOverload):
        yield from _written(node)
    elif node.op == "call_function":
        graphs = [a for a in node.all_input_nodes if a.op == "get_attr" and inner_graph(program, a) is not None]
        if any(writes(inner_graph(program, graph)) for graph in graphs):
            yield from (a for a in node.all_input_nodes if a not in graphs)


_WITHOUT_DATA = ("aten::detach_", "aten::requires_grad_")
"""Operations that write to their argument, by their schemas, and leave its data as it is."""


_HIDDEN_WRITES = {
    f"aten::{name}": 5 for name in ("batch_norm", "instance_norm", "cudnn_batch_norm", "native_batch_norm")
}
"""Operations that write to their running statistics, the arguments 3 and 4, and whose schemas do not say so → the
argument that says whether they do."""


def _written(node: torch.fx.Node) -> Iterator[torch.fx.Node]:
    if node.target._schema.name in _WITHOUT_DATA:
        return
    statistics = _HIDDEN_WRITES.get(node.target._schema.name)
    if statistics is not None and len(node.args) > statistics and node.args[statistics] is True:
        yield from (given for given in node.args[3:5] if isinstance(given, torch.fx.Node))
    for place, argument in enumerate(node.target._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = node.args[place] if place < len(node.args) else node.kwargs.get(argument.name)
            yield from (
                g for g in (given if isinstance(given, (list, tuple)) else [given]) if isinstance(g, torch.fx.Node)
            )


def graph_modules(module: torch.nn.Module) -> list[torch.fx.GraphModule]:
    """A graph module and those nested in it: branches, loop bodies, `no_grad` and autocast regions. Of another module,
    those in it.
    """
    return [each for each in module.modules() if isinstance(each, torch.fx.GraphModule)]


def writes(module: Any) -> bool:
    """Whether a graph, or one inside it, contains an operation that writes to a tensor."""
    return any(
        isinstance(node.target, OpOverload) and node.target._schema.is_mutable
        for each in graph_modules(module)
        for node in each.graph.nodes
    )


def is_view_of(node: torch.fx.Node) -> torch.fx.Node | None:
    """The node whose memory a view's is, where `node` is a view operation: that can be made again of another tensor."""
    if not isinstance(node.target, OpOverload) or node.target._schema.is_mutable:
        return None
    first = node.args[0] if node.args else None
    if isinstance(first, torch.fx.Node) and memory_of(first) is not None and memory_of(first) == memory_of(node):
        return first
    return None


def returns_its_argument(node: torch.fx.Node) -> torch.fx.Node | None:
    """The first argument of an operation that writes to it and returns it, such as `add_`."""
    if not isinstance(node.target, OpOverload) or not node.target._schema.is_mutable:
        return None
    first = node.args[0] if node.args else None
    return (
        first
        if isinstance(first, torch.fx.Node) and memory_of(first) is not None and memory_of(first) == memory_of(node)
        else None
    )


def itself(node: Any) -> Any:
    """The node of the tensor that operations such as `add_` have written to and returned."""
    while isinstance(node, torch.fx.Node) and (argument := returns_its_argument(node)) is not None:
        node = argument
    return node


def is_fresh(value: Any) -> bool:
    """Whether a tensor fills its memory from the beginning, row by row."""
    if not isinstance(value, torch.Tensor):
        return True
    try:
        return bool(value.storage_offset() == 0 and value.is_contiguous())
    except Exception:
        return False


def returned(value: Any) -> Any:
    """Stands in a traced path for the return of one value."""
    return value


def separate_returns(graph: torch.fx.Graph) -> None:
    """Gives each returned tensor and number a node of its own, `returned(value)`, before the output of a graph."""
    output = next(iter(graph.find_nodes(op="output")))

    def separated(leaf: Any) -> Any:
        if not isinstance(leaf, (torch.fx.Node, int, float, bool)):
            return leaf
        with graph.inserting_before(output):
            node = graph.call_function(returned, (leaf,))
        node.meta = dict(leaf.meta) if isinstance(leaf, torch.fx.Node) else {"val": leaf}
        return node

    output.args = pytree.tree_map(separated, output.args)


def asserts(node: torch.fx.Node) -> bool:
    """Whether an operation is an assertion, or constrains a number."""
    return isinstance(node.target, OpOverload) and node.target._schema.name.startswith(_ASSERTIONS)


_ASSERTIONS = ("aten::_assert", "aten::sym_constrain_range")


def differing_sizes(one: torch.fx.Node, two: torch.fx.Node) -> list[int | None] | None:
    """The sizes of two tensors, None in place of those that are not the same number; None where all but the first size
    are the same, or are sizes of inputs.
    """
    pairs = list(zip(value_of(one).shape, value_of(two).shape, strict=True))
    fixed = [a if isinstance(a, int) and isinstance(b, int) and a == b else None for a, b in pairs]
    if all(size is not None or _are_sizes_of_inputs(pair) for pair, size in zip(pairs[1:], fixed[1:], strict=True)):
        return None
    return fixed


def _are_sizes_of_inputs(sizes: tuple[Any, Any]) -> bool:
    symbolic = all(isinstance(size, torch.SymInt) for size in sizes)
    return symbolic and str(sizes[0]) == str(sizes[1]) and not any(map(is_unbacked, sizes[0].node.expr.free_symbols))
