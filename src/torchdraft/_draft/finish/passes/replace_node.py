"""Replaces a node by a value that is no node. `Node.replace_all_uses_with` takes nodes only."""

from __future__ import annotations

from typing import Any

import torch


def replace_by_value(node: torch.fx.Node, value: Any) -> None:
    """Puts `value` (a number, or a list of numbers and nodes) into every argument that is `node`."""

    def replacement(argument: torch.fx.Node) -> Any:
        return value if argument is node else argument

    for user in list(node.users):
        user.args = torch.fx.node.map_arg(user.args, replacement)
        user.kwargs = torch.fx.node.map_arg(user.kwargs, replacement)
