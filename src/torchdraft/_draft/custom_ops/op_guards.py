"""Guards around operators whose outputs were inferred from a real run.

The graph after such an operator relies on the dtype, device, layout and rank of the real run, which the guards assert.
Its sizes are symbols; torch asserts what the trace assumed of them.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator
from typing import Any

import torch

from torchdraft._torch.graph_nodes import PLAIN_DTYPES, copy_origin
from torchdraft._torch.tensors.nested import tensors_in


def guard_ops(program: torch.export.ExportedProgram, ops: Collection[str]) -> None:
    """Asserts, at every call of `ops`, the arguments' metadata before it and the outputs' after it."""
    for module in _graph_modules(program):
        calls = _calls(module, ops)
        for node in calls:
            if _drop_if_frozen(module.graph, node):
                continue
            with module.graph.inserting_before(node):
                for argument in node.all_input_nodes:
                    _assert_metadata(module.graph, node, argument)
            for output in _outputs(node):
                with module.graph.inserting_before(output.next):
                    _assert_rank(module.graph, node, output)
                    _assert_metadata(module.graph, node, output)
        if calls:
            module.recompile()


def _drop_if_frozen(graph: torch.fx.Graph, node: torch.fx.Node) -> bool:
    """Removes a call whose results, numbers or strings, all became constants. It has no users and cannot be saved."""
    users = [user for user in node.users if user.target is operator.getitem and not user.users]
    if tensors_in(node.meta.get("val")) or len(users) < len(node.users) or node.target._schema.is_mutable:
        return False
    for dead in (*users, node):
        graph.erase_node(dead)
    return True


def _graph_modules(program: torch.export.ExportedProgram) -> Iterator[torch.fx.GraphModule]:
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            yield module


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


def _assert_rank(graph: torch.fx.Graph, op: torch.fx.Node, tensor: torch.fx.Node) -> None:
    """Inserts a permutation that changes nothing, and raises on another rank, between the output and its users. torch
    has no operator that asserts a rank.
    """
    value = tensor.meta["val"]
    if value.layout is not torch.strided:
        return
    dims = list(range(value.dim()))
    users = [u for u in tensor.users if u.op != "output" and u.target is not torch.ops.aten.sym_size.int]
    permuted = graph.call_function(torch.ops.aten.permute.default, (tensor, dims))
    _set_metadata(permuted, op, value)
    for user in users:
        user.replace_input_with(tensor, permuted)


def _set_metadata(node: torch.fx.Node, op: torch.fx.Node, value: Any) -> None:
    node.meta["val"] = value
    copy_origin(node, op)
