"""The outputs of a `cond` whose branches do not match are found in the error."""

from __future__ import annotations

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from torchdraft._torch.graph.control_flow import branch_outputs

X = torch.ones(2)


def compared(true_graph: torch.fx.GraphModule, false_graph: torch.fx.GraphModule) -> None:
    """Raises as `torch._higher_order_ops.cond.trace_cond` does, with the graphs in locals of these names."""
    raise RuntimeError(f"{len(true_graph.graph.nodes)} nodes and {len(false_graph.graph.nodes)}")


def test_the_outputs_of_both_branches_are_found() -> None:
    graphs = make_fx(lambda x: x + 1)(X), make_fx(lambda x: x.double())(X)
    for graph in graphs:
        for node in graph.graph.nodes:
            node.meta["val"] = node.name
    with pytest.raises(RuntimeError) as raised:
        compared(*graphs)
    found = branch_outputs(raised.value)
    assert found == {"true": ["add"], "false": ["_to_copy"]}


def test_another_error_has_none() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        1 / 0  # noqa: B018
    assert branch_outputs(raised.value) == {}
