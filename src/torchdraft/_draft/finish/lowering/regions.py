"""Graph pass: `no_grad` and autocast regions whose results nothing uses."""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any

import torch

from torchdraft._tape.op_schema import signature_of
from torchdraft._torch.graph.values import graph_modules
from torchdraft._torch.symbolic.fake import OpOverload

from ..passes.registry import Stage, program_pass

_FIRST_ARGUMENT = {
    torch.ops.higher_order.wrap_with_set_grad_enabled: 1,
    torch.ops.higher_order.wrap_with_autocast: 4,
}
"""Operator of a region → where its body stands among the arguments; the body's operands follow it."""


@program_pass(
    Stage.REWRITE,
    why='A region whose results nothing uses has no outputs, and loading it fails with "missing val field".',
    upstream="torch._export.passes.replace_with_hop_pass_util",
)
def inline_regions_without_outputs(program: torch.export.ExportedProgram) -> bool:
    """Inlines a region that only asserts: an assertion does not depend on the grad mode. A region that writes to a
    tensor stays a region, and returns the last tensor that it computes.
    """
    graph_module = program.graph_module
    graph = graph_module.graph
    changed = False
    for node in list(graph.nodes):
        first = _FIRST_ARGUMENT.get(node.target)
        if first is None or node.users:
            continue
        attribute: Any = node.args[first]
        body = getattr(graph_module, attribute.target)
        changed = True
        if _writes(body):
            _return_last_tensor(graph, node, body)
            continue
        _inline(graph_module, node, attribute.target, node.args[first + 1 :])
        graph.erase_node(node)
        if not attribute.users:
            graph.erase_node(attribute)
    return changed


def _writes(body: torch.fx.GraphModule) -> bool:
    """Whether an operation in `body`, or in a region within it, writes to a tensor."""
    targets = [node.target for each in graph_modules(body) for node in each.graph.nodes]
    return any(signature_of(target).writes for target in targets if isinstance(target, OpOverload))


def _return_last_tensor(graph: torch.fx.Graph, region: torch.fx.Node, body: torch.fx.GraphModule) -> None:
    (output,) = (n for n in body.graph.nodes if n.op == "output")
    tensors = [n for n in body.graph.nodes if n.op == "call_function" and isinstance(n.meta.get("val"), torch.Tensor)]
    output.args = ((tensors[-1],),)
    output.meta["val"] = region.meta["val"] = (tensors[-1].meta["val"],)
    with graph.inserting_after(region):
        result = graph.call_function(operator.getitem, (region, 0))
    result.meta.update(tensors[-1].meta)
    body.recompile()


def _inline(graph_module: torch.fx.GraphModule, region: torch.fx.Node, prefix: str, operands: Any) -> None:
    """Copies the body of a region, the attribute `prefix` of `graph_module`, in front of the region's node."""
    body = getattr(graph_module, prefix)
    arguments = iter(operands)
    copies: dict[Any, Any] = {}
    with graph_module.graph.inserting_before(region):
        for inner in body.graph.nodes:
            if inner.op == "placeholder":
                copies[inner] = next(arguments)
            elif inner.op == "get_attr":
                name = f"{prefix}_{inner.target}".replace(".", "_")
                setattr(graph_module, name, reduce(getattr, inner.target.split("."), body))
                copies[inner] = graph_module.graph.get_attr(name)
                copies[inner].meta.update(inner.meta)
            elif inner.op != "output":
                copies[inner] = graph_module.graph.node_copy(inner, lambda n: copies[n])
