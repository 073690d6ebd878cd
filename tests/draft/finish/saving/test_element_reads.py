"""`item()` of a one-element tensor that has dimensions."""

from __future__ import annotations

import pytest
import torch

import torchdraft


class Times(torch.nn.Module):
    def forward(self, x: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
        return x * n.item()


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.times = Times()

    def forward(self, x: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
        return self.times(x, n) + 1


@pytest.mark.filterwarnings("ignore")
def test_the_selection_belongs_to_the_submodule_that_reads() -> None:
    x, n = torch.ones(3), torch.tensor([[2]])
    program = torchdraft.draft_export(Model(), (x, n))
    assert all(node.meta.get("nn_module_stack") for node in program.graph.nodes if node.op == "call_function")
    assert torch.equal(torch.export.unflatten(program)(x, n), 2 * x + 1)
