"""The pipeline where a model behaves unlike a function."""

from __future__ import annotations

import itertools

import torch

import torchdraft


class CountsOnIterator(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.turns = itertools.count(1)

    def forward(self, x):
        return x * next(self.turns)


def test_a_model_that_differs_from_call_to_call_stays_on_its_rung():
    report = torchdraft.draft_export(CountsOnIterator(), (torch.ones(2),))._report
    assert report.rung == "symbolic"
    assert [issue.code for issue in report.issues] == ["TD904"]


class Factors(torch.nn.Module):
    def forward(self, matrix):
        try:
            return torch.linalg.cholesky(matrix)
        except RuntimeError:
            return matrix + 1


def test_a_failure_that_only_a_real_run_has_is_reported():
    matrix = torch.tensor([[1.0, 2.0], [2.0, 1.0]])
    program = torchdraft.draft_export(Factors(), (matrix,))
    assert "TD601" in {issue.code for issue in program._report.issues}
    assert torch.equal(program.module()(matrix), matrix + 1)
