"""Small mends to a finished program, so that it can be saved, loaded and used further.

Each function names what upstream does wrong with the program as it stands.
"""

from __future__ import annotations

import torch

from torchdraft._torch.fake import OpOverload


def drop_unused_reads(graph: torch.fx.Graph) -> bool:
    """A read whose number was known before (`float(n)` after `int(n)`) stays behind with no value and no user; it is
    written to a file as a node that returns nothing, and loading that fails.
    """
    changed = False
    for node in reversed(graph.nodes):
        if node.target == torch.ops.aten.item.default and not node.users and node.meta.get("val") is None:
            graph.erase_node(node)
            changed = True
    return changed


def drop_empty_lists(graph: torch.fx.Graph) -> bool:
    """An op that returns no tensor at all (`unbind` of a tensor with no rows) is written and not read again: the loader
    looks at the first of its results. Nothing uses it.
    """
    changed = False
    for node in reversed(graph.nodes):
        if node.users or not isinstance(node.target, OpOverload) or node.target._schema.is_mutable:
            continue
        if isinstance(node.meta.get("val"), (list, tuple)) and not node.meta["val"] and node.target._schema.returns:
            graph.erase_node(node)
            changed = True
    return changed
