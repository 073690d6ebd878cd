"""Graph pass: `item()` of a one-element tensor that has dimensions."""

from __future__ import annotations

from typing import Any

import torch


def read_elements(graph: torch.fx.Graph) -> None:
    """A number read from a tensor that has dimensions, of size 1 each, ends a decomposition that keeps most operators
    ("Cannot cast FakeTensor to number"). Its one element is taken first.
    """
    for node in graph.nodes:
        tensor: Any = node.args[0] if node.target is torch.ops.aten.item.default else None
        value = tensor.meta.get("val") if isinstance(tensor, torch.fx.Node) else None
        if not isinstance(value, torch.Tensor):
            continue
        with graph.inserting_before(node), value.fake_mode:
            for _ in range(value.dim()):
                kept = {key: held for key, held in tensor.meta.items() if key in _OF_THE_SAME_LINE}
                tensor = graph.call_function(torch.ops.aten.select.int, (tensor, 0, 0))
                value = torch.ops.aten.select.int(value, 0, 0)
                tensor.meta.update(kept, val=value)
        node.args = (tensor,)


_OF_THE_SAME_LINE = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn")
