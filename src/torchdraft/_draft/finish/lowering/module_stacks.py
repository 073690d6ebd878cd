"""Graph pass: the submodules that a node comes from."""

from __future__ import annotations

import torch

from ..passes.registry import Stage, graph_pass


@graph_pass(
    Stage.DESCRIBE,
    why="`torch.export.unflatten` fails where an operation names no module: operations that export inserts to take a "
    "wrapper subclass apart, for example.",
    upstream="torch.export.unflatten._ModuleFrame.run_outer",
)
def fill_module_stacks(graph: torch.fx.Graph) -> bool:
    """Gives such an operation the modules of its first user, or else of the operation before it."""
    nodes = list(graph.nodes)
    for node in reversed(nodes):
        if _lacks(node):
            known = (user.meta["nn_module_stack"] for user in node.users if user.meta.get("nn_module_stack"))
            node.meta["nn_module_stack"] = next(known, {})
    before: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if _lacks(node):
            node.meta["nn_module_stack"] = before
        before = node.meta.get("nn_module_stack") or before
    return False


def _lacks(node: torch.fx.Node) -> bool:
    return node.op == "call_function" and not node.meta.get("nn_module_stack")
