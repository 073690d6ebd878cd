"""`range` of a symbolic number asks at each turn, where paths are traced one by one."""

from __future__ import annotations

import pytest
import torch

import torchdraft
from torchdraft._draft.polyfills.python.loops import loops_unrolled, range_by_turns, turns


@pytest.mark.parametrize("arguments", [(4,), (0,), (1, 4), (4, 1), (1, 8, 3), (8, 1, -3), (5, 5, -1)])
def test_turns_are_those_of_range(arguments):
    assert list(turns(*arguments)) == list(range(*arguments))


@pytest.mark.parametrize("arguments", [(4,), (1, 4), (8, 1, -3)])
def test_range_of_plain_numbers_is_pythons(arguments):
    with loops_unrolled():
        assert range_by_turns(*arguments) == range(*arguments)


class Counts(torch.nn.Module):
    def forward(self, x, n):
        for step in range(n.item()):
            x = x + step
        return x


def test_along_the_example_the_number_of_turns_is_fixed():
    program = torchdraft.draft_export(Counts(), (torch.ones(3), torch.tensor(2)))
    with pytest.raises(RuntimeError):
        program.module()(torch.ones(3), torch.tensor(3))
