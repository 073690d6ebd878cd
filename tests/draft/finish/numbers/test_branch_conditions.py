"""Conditions of branches, computed on tensors."""

from __future__ import annotations

import torch
from torch.export import Dim

import torchdraft
from torchdraft._torch.graph.control_flow import COND

X = torch.arange(24.0).reshape(6, 4) / 24 + 0.5


def conditions(program: torch.export.ExportedProgram) -> list[object]:
    """The condition of every branch, outermost first."""
    modules = [each for each in program.graph_module.modules() if isinstance(each, torch.fx.GraphModule)]
    branches = [node for each in modules for node in each.graph.find_nodes(op="call_function", target=COND)]
    return [branch.args[0].meta["val"] for branch in branches]


def test_a_number_of_a_side_decides_on_a_tensor_in_the_precision_of_python() -> None:
    class Nested(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.sum() > 0:
                return x * 2 if x.max().item() > 0.1 else x * 3
            return x - 1

    program = torchdraft.draft_export(Nested(), (X,), paths="all")
    found = conditions(program)
    assert len(found) == 2
    assert all(isinstance(value, torch.Tensor) and value.dtype is torch.bool and value.dim() == 0 for value in found)
    boundary = torch.full((6, 4), 0.1)  # a little more than Python's 0.1
    for x in (X, -X, boundary, boundary - 1e-8):
        assert torch.equal(program.module()(x), Nested()(x))


def test_a_condition_on_a_size_stays_a_number() -> None:
    class Rows(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2 if x.shape[0] > 4 else x - 1

    program = torchdraft.draft_export(Rows(), (X,), dynamic_shapes=({0: Dim.AUTO},), paths="all")
    (condition,) = conditions(program)
    assert isinstance(condition, torch.SymBool)
    assert torch.equal(program.module()(X[:3]), X[:3] - 1)


def test_numbers_are_combined_as_in_python() -> None:
    class Combined(torch.nn.Module):
        def forward(self, x: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
            count = int(n)
            return x * 2 if count % 3 == 1 and count // 2 < 3 else x - 1

    example = (X, torch.tensor(4))
    program = torchdraft.draft_export(Combined(), example, paths="all")
    assert all(isinstance(value, torch.Tensor) for value in conditions(program))
    for n in (4, 1, -2, 7, 10, 0):
        assert torch.equal(program.module()(X, torch.tensor(n)), Combined()(X, torch.tensor(n)))
