"""Random generators that move without a call that is watched."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import torchdraft

DICE = {"numpy": np.random.mtrand._rand.rand, "python": random.Random.random}


class Draws(torch.nn.Module):
    """Draws through methods that were stored before the draft, in a container."""

    def __init__(self, which):
        super().__init__()
        self.which = which

    def forward(self, x):
        return x + float(DICE[self.which](*([random._inst] if self.which == "python" else [])))


@pytest.mark.parametrize(("which", "name"), [("python", "random"), ("numpy", "numpy.random")])
def test_a_generator_that_moved_is_reported_and_restored(which, name):
    before = random.getstate(), str(np.random.get_state())
    (issue,) = torchdraft.draft_export(Draws(which), (torch.ones(2),), check_on_example=False)._report.issues
    assert (issue.code, issue.expr) == ("TD404", name)
    assert (random.getstate(), str(np.random.get_state())) == before


class SetsState(torch.nn.Module):
    def forward(self, x):
        state = random.getstate()
        random.setstate(state)
        return x + 1


def test_a_generator_that_did_not_move_is_not_reported():
    assert torchdraft.draft_export(SetsState(), (torch.ones(2),), check_on_example=False)._report.issues == ()
