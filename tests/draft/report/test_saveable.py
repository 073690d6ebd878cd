"""An event for each part of a program that a file cannot hold, with its line."""

from __future__ import annotations

import torch

import torchdraft
from torchdraft._draft.report.saveable import not_saveable


class Doubled(torch.nn.Module):
    def forward(self, x):
        return x * self.held.sum() if hasattr(self, "held") else x * 2


def test_a_constant_has_the_line_of_its_first_use():
    model = Doubled()
    model.held = torch.ones(2)
    program = torchdraft.draft_export(model, (torch.ones(3),))
    assert list(not_saveable(program)) == []
    program.constants["held"] = torch.eye(2).to_sparse()
    (event,) = not_saveable(program)
    assert (event.what, event.node) == ("held", "c_held")
    assert "self.held.sum()" in event.trace


def test_a_constant_that_nothing_uses_has_no_line():
    program = torchdraft.draft_export(Doubled(), (torch.ones(3),))
    program.constants["unused"] = torch.eye(2).to_sparse()
    (event,) = not_saveable(program)
    assert (event.what, event.node, event.trace) == ("unused", None, "")
