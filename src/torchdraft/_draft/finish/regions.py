"""Graph pass: `no_grad` and autocast regions without outputs."""

from __future__ import annotations

import operator
from typing import Any

import torch

from torchdraft._tape.op_schema import signature_of
from torchdraft._torch.fake import OpOverload


def inline_regions_without_outputs(graph_module: torch.fx.GraphModule) -> bool:
    """A `no_grad` or autocast region whose results nobody uses becomes a region with no outputs; loading it fails with
    "missing val field". One that only asserts is dissolved, for an assertion is the same in any grad mode. One that
    writes has to stay what it is: it returns something.
    """
    regions = {
        torch.ops.higher_order.wrap_with_set_grad_enabled: 1,
        torch.ops.higher_order.wrap_with_autocast: 4,
    }
    changed = False
    for node in list(graph_module.graph.nodes):
        first = regions.get(node.target)
        if first is None or node.users:
            continue
        body = getattr(graph_module, node.args[first].target)
        changed = True
        if _writes(body):
            _return_something(graph_module, node, body)
            continue
        holder = node.args[first]
        _inline(graph_module, node, body, holder.target, node.args[first + 1 :])
        graph_module.graph.erase_node(node)
        if not holder.users:
            graph_module.graph.erase_node(holder)
    return changed


def _writes(body: torch.fx.GraphModule) -> bool:
    """Whether an operation in `body`, or in a region within it, writes to a tensor."""
    targets = [n.target for m in body.modules() if isinstance(m, torch.fx.GraphModule) for n in m.graph.nodes]
    return any(signature_of(target).writes for target in targets if isinstance(target, OpOverload))


def _return_something(graph_module: torch.fx.GraphModule, node: Any, body: torch.fx.GraphModule) -> None:
    """Lets a region return the last tensor made in it."""
    (output,) = (n for n in body.graph.nodes if n.op == "output")
    made = [n for n in body.graph.nodes if n.op == "call_function" and isinstance(n.meta.get("val"), torch.Tensor)]
    output.args = ((made[-1],),)
    output.meta["val"] = node.meta["val"] = (made[-1].meta["val"],)
    with graph_module.graph.inserting_after(node):
        taken = graph_module.graph.call_function(operator.getitem, (node, 0))
    taken.meta.update(made[-1].meta)
    body.recompile()


def _inline(
    graph_module: torch.fx.GraphModule, node: Any, body: torch.fx.GraphModule, prefix: str, operands: Any
) -> None:
    given = iter(operands)
    copies: dict[Any, Any] = {}
    with graph_module.graph.inserting_before(node):
        for inner in body.graph.nodes:
            if inner.op == "placeholder":
                copies[inner] = next(given)
            elif inner.op == "get_attr":
                name = f"{prefix}_{inner.target}".replace(".", "_")
                setattr(graph_module, name, _attribute(body, inner.target))
                copies[inner] = graph_module.graph.get_attr(name)
                copies[inner].meta.update(inner.meta)
            elif inner.op != "output":
                copies[inner] = graph_module.graph.node_copy(inner, lambda n: copies[n])


def _attribute(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = getattr(module, name)
    return module
