"""Example inputs that pickle refuses are not saved; `verify` finds them all the same."""

from __future__ import annotations

import gc
import io

import torch

import torchdraft
from torchdraft._draft.finish.saving import example_inputs as owner
from torchdraft._draft.finish.saving.example_inputs import example_inputs


class Adds(torch.nn.Module):
    def forward(self, pair):
        return pair.left + pair.right


def draft():
    class Pair:
        def __init__(self, left, right):
            self.left, self.right = left, right

    return torchdraft.draft_export(Adds(), (Pair(torch.ones(2), torch.ones(2)),))


def test_the_program_can_be_saved_and_verified():
    program = draft()
    assert program.example_inputs is None
    assert example_inputs(program)[0][0].left.tolist() == [1, 1]
    torchdraft.save(program, io.BytesIO())
    assert torchdraft.verify(program, Adds(), n=2)


def test_the_example_lives_as_long_as_the_program():
    program = draft()
    assert program in owner._removed
    before = len(owner._removed)
    del program
    gc.collect()
    assert len(owner._removed) < before


def test_a_program_of_torch_has_its_own_example():
    program = torch.export.export(torch.nn.Linear(2, 2), (torch.ones(1, 2),))
    assert example_inputs(program) == program.example_inputs
