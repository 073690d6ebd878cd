"""The program's constants."""

from __future__ import annotations

import copy

import pytest
import torch

import torchdraft


class Scaled(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))
        self.scale = self.weight * 2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda x: x * self.scale, lambda x: x - self.scale, (x,)) + self.scale


@pytest.mark.filterwarnings("ignore:.*LeafSpec")  # torch uses what it deprecated
def test_a_program_whose_constants_have_a_history_can_be_copied():
    program = torchdraft.draft_export(Scaled(), (torch.ones(3),))
    copied = copy.deepcopy(program)
    for x in (torch.ones(3), -torch.ones(3)):
        assert torch.equal(copied.module()(x), Scaled()(x))
