"""Passes that make programs acceptable to exporters."""

from __future__ import annotations

import pytest
import torch
from torch.export import Dim

import torchdraft

X = torch.arange(24.0).reshape(6, 4)


class OnBool(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if x.sum() > 0 else x - 1


class Slice(torch.nn.Module):
    def forward(self, x: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
        return x[: int(n)]


class Fixed(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(4, 6).sum(0)


@pytest.mark.filterwarnings("ignore")  # of torch, in run_decompositions
def test_a_bool_is_asserted_through_an_integer() -> None:
    program = torchdraft.draft_export(OnBool(), (X,))
    assert not program.graph.find_nodes(op="call_function", target=torch.sym_ite)
    assert torch.equal(program.module()(X + 1), (X + 1) * 2)
    with pytest.raises(RuntimeError, match="TD101"):
        program.module()(-X)
    with pytest.raises(RuntimeError):
        program.run_decompositions().module()(-X)


def test_the_start_of_a_slice_is_a_number() -> None:
    program = torchdraft.draft_export(Slice(), (X, torch.tensor(3)))
    (node,) = program.graph.find_nodes(op="call_function", target=torch.ops.aten.slice.Tensor)
    assert node.args[2] == 0
    assert torch.equal(program.module()(X, torch.tensor(2)), X[:2])


def test_a_specialized_size_is_a_plain_number() -> None:
    example = X.reshape(4, 6)
    program = torchdraft.draft_export(Fixed(), (example,), dynamic_shapes=({0: Dim("n", min=2)},))
    (node,) = program.graph.find_nodes(op="placeholder")
    assert [type(size) for size in node.meta["val"].shape] == [int, int]
