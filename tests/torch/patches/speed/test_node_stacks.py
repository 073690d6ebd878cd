"""The stack of a node is the one that upstream gives it."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx.experimental.proxy_tensor import make_fx

from torchdraft._torch.patches.speed.node_stacks import fast_node_stacks
from torchdraft._torch.patching.changes import patched
from torchdraft._torch.probe import need

_proxy: Any = need("torch.fx.proxy")


class Model(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.helper(x) + 1

    def helper(self, x: torch.Tensor) -> torch.Tensor:
        return x.sin() * 2


def stacks() -> list[str]:
    graph = make_fx(Model(), record_stack_traces=True)(torch.ones(2)).graph
    return [node.stack_trace for node in graph.nodes if node.op == "call_function"]


def test_every_node_has_the_same_stack() -> None:
    upstream = stacks()
    with patched(_proxy, "CapturedTraceback", fast_node_stacks(_proxy.CapturedTraceback)):
        fast = stacks()
    assert len(upstream) == 3
    assert all("in forward" in stack for stack in upstream)
    assert fast == upstream
