"""Constants of a recording: tensors that the recorded operations use and that no operation made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from torchdraft._torch.tensors.storage import is_zero_tensor


def restore_inputs(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> None:
    """Replaces constants that share an input's memory by that input.

    Autograd keeps tensors for the backward pass, or views of them, and returns them as objects that the tracer does not
    know.
    """
    placeholders = zip(inputs, graph.graph.find_nodes(op="placeholder"))
    by_memory = {_memory(tensor): (tensor, node) for tensor, node in placeholders}
    for node in graph.graph.find_nodes(op="get_attr"):
        constant = _with_memory(graph, node.target)
        shared = by_memory.get(_memory(constant)) if isinstance(constant, torch.Tensor) else None
        if shared is None:
            continue
        tensor, source = shared
        if _layout(tensor) != _layout(constant):
            if not tensor.is_contiguous():
                continue
            with graph.graph.inserting_before(node):
                source = graph.graph.call_function(torch.ops.aten.contiguous.default, (source,))
                offset = constant.storage_offset() - tensor.storage_offset()
                view = (list(constant.shape), list(constant.stride()), offset)
                source = graph.graph.call_function(torch.ops.aten.as_strided.default, (source, *view))
        node.replace_all_uses_with(source)
        graph.graph.erase_node(node)
    graph.recompile()


def recorded_constants(graph: torch.fx.GraphModule) -> Iterator[torch.Tensor]:
    """The constants, except those made from Python data where they are used (`torch.tensor([1, 2])`)."""
    for node in graph.graph.find_nodes(op="get_attr"):
        constant = getattr(graph, node.target, None)
        if isinstance(constant, torch.Tensor) and any("lift_fresh" not in str(user.target) for user in node.users):
            yield constant


def _with_memory(graph: torch.fx.GraphModule, name: str) -> Any:
    """A constant of the graph. A zero tensor, which forward-mode derivatives start with, is given memory, so that it
    can be saved.
    """
    constant = getattr(graph, name, None)
    if isinstance(constant, torch.Tensor) and constant.layout is torch.strided and is_zero_tensor(constant):
        constant = torch.zeros_like(constant)
        setattr(graph, name, constant)
    return constant


def _memory(tensor: torch.Tensor) -> Any:
    """A key that is equal for tensors in the same memory."""
    if tensor.layout is not torch.strided or not tensor.numel():
        return id(tensor)
    return tensor.untyped_storage().data_ptr(), tensor.dtype, tensor.device


def _layout(tensor: torch.Tensor) -> Any:
    return tensor.shape, tensor.stride(), tensor.storage_offset()
