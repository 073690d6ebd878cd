"""Guards around operators whose outputs were inferred from a real run.

The graph after such an operator relies on the dtype, device, layout and rank of the real run, which the guards assert.
Its sizes are symbols; torch asserts what the trace assumed of them.
"""

from __future__ import annotations

import operator
from collections.abc import Collection
from typing import Any

import torch

from torchdraft._torch.graph.nodes import PLAIN_DTYPES, copy_origin
from torchdraft._torch.graph.size_nodes import SizeNodes
from torchdraft._torch.graph.values import graph_modules
from torchdraft._torch.tensors.nested import tensors_in

from .call_facts import CallFacts, facts_of
from .checked_calls import Rewrite, needs_comparison
from .fake_kernels import FakeKernels
from .memory_families import MemoryFamilies


def guard_ops(program: torch.export.ExportedProgram, kernels: FakeKernels) -> None:
    """Holds every call of an operator whose kernel is not trusted to what the trace relied on.

    A call whose results assertions can describe gets assertions; any other becomes `torchdraft::call`.
    """
    for module in graph_modules(program.graph_module) if kernels.called else ():
        calls = {node: facts for node in module.graph.nodes if (facts := _facts(node, kernels)) is not None}
        if not calls:
            continue
        families, sizes = MemoryFamilies(module.graph, calls), SizeNodes()
        for node in list(module.graph.nodes):
            facts = calls.get(node)
            if facts is None:
                sizes.note(node)
            elif needs_comparison(node, facts, families, kernels.layouts_read):
                written = families.is_written(node)
                Rewrite(node, facts, sizes, own_memory=written, layout=kernels.layouts_read).run()
            elif not _drop_if_frozen(module.graph, node):
                _assert_plainly(module.graph, node, facts, sizes)
                sizes.note(node)
        module.recompile()


def _facts(node: torch.fx.Node, kernels: FakeKernels) -> CallFacts | None:
    """What the trace observed about a call; of one without facts, whether its operator was inferred elsewhere."""
    if node.op != "call_function":
        return None
    return facts_of(node) or (CallFacts("missing") if str(node.target) in kernels.inferred else None)


def _assert_plainly(graph: torch.fx.Graph, node: torch.fx.Node, facts: CallFacts, sizes: SizeNodes) -> None:
    """Asserts the arguments' metadata before a call without a fake kernel, and the outputs' after it."""
    if facts.kernel == "missing":
        with graph.inserting_before(node):
            for argument in node.all_input_nodes:
                _assert_metadata(graph, node, argument)
    for output in _outputs(node):
        last = _assert_shape(graph, node, output, sizes, every_size=facts.kernel == "wrong")
        with graph.inserting_before(last.next):
            _assert_metadata(graph, node, last)


def _assert_shape(
    graph: torch.fx.Graph, op: torch.fx.Node, tensor: torch.fx.Node, sizes: SizeNodes, *, every_size: bool = False
) -> torch.fx.Node:
    """Inserts views that change nothing, and raise on another rank or size, between the output and its users. Returns
    the last one.

    torch has no operator that asserts a rank. A comparison of a size would not do: a later trace takes what the fake
    kernel says as given. So each dimension whose size the trace took for known is split into one part of that size.
    `every_size`: the fake kernel is wrong, and a later trace would take its sizes for the others.
    """
    value = tensor.meta["val"]
    if value.layout is not torch.strided:
        return tensor
    users = [u for u in tensor.users if u.op != "output" and u.target is not torch.ops.aten.sym_size.int]
    place = tensor.next

    def view(target: Any, args: Any, result: Any) -> torch.fx.Node:
        with graph.inserting_before(place):
            made = graph.call_function(target, args)
        _set_metadata(made, op, result)
        return made

    last = view(torch.ops.aten.permute.default, (tensor, list(range(value.dim()))), value)
    for dim, size in enumerate(value.shape):
        number = sizes.number(size, place)
        if number is None and every_size:
            number = view(torch.ops.aten.sym_size.int, (tensor, dim), size)
        if number is not None:
            parts = view(torch.ops.aten.split_with_sizes.default, (last, [number], dim), [value])
            last = view(operator.getitem, (parts, 0), value)
    for user in users:
        user.replace_input_with(tensor, last)
    return last


def _drop_if_frozen(graph: torch.fx.Graph, node: torch.fx.Node) -> bool:
    """Removes a call whose results, numbers or strings, all became constants. It has no users and cannot be saved."""
    users = [user for user in node.users if user.target is operator.getitem and not user.users]
    if tensors_in(node.meta.get("val")) or len(users) < len(node.users) or node.target._schema.is_mutable:
        return False
    for dead in (*users, node):
        graph.erase_node(dead)
    return True


def _calls(module: torch.fx.GraphModule, ops: Collection[str]) -> list[torch.fx.Node]:
    return [n for n in module.graph.nodes if n.op == "call_function" and str(n.target) in ops] if ops else []


def _outputs(node: torch.fx.Node) -> list[torch.fx.Node]:
    """The nodes of the operator's output tensors: its own, or those of the elements of its list."""
    if isinstance(node.meta.get("val"), torch.Tensor):
        return [node]
    elements = [user for user in node.users if user.target is operator.getitem]
    return [leaf for user in elements for leaf in _outputs(user)]


def _assert_metadata(graph: torch.fx.Graph, op: torch.fx.Node, tensor: torch.fx.Node) -> None:
    """Asserts dtype, device and layout of `tensor` at the insertion point. The assertion takes no sizes here: its fake
    kernel compares their list with a `torch.Size`, which always differs.
    """
    value = tensor.meta.get("val")
    if isinstance(value, torch.Tensor) and not _stands_for_quantized(op, value):
        options = {"dtype": value.dtype, "device": value.device, "layout": value.layout}
        check = graph.call_function(torch.ops.aten._assert_tensor_metadata.default, (tensor,), options)
        _set_metadata(check, op, None)


def _stands_for_quantized(op: torch.fx.Node, value: torch.Tensor) -> bool:
    """Whether `value` describes a quantized tensor, which no fake tensor can be, by its integers."""
    return op.target.namespace == "quantized" and value.dtype in PLAIN_DTYPES.values()


def _set_metadata(node: torch.fx.Node, op: torch.fx.Node, value: Any) -> None:
    node.meta["val"] = value
    copy_origin(node, op)
