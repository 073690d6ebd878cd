"""A condition that an earlier assumption decided is an assumption too; one that the model stated is none."""

from __future__ import annotations

import pytest
import torch

import torchdraft


class LowerBounds(torch.nn.Module):
    def forward(self, x):
        n = x.nonzero().shape[0]
        if n > 3:  # told
            x = x + 1
        if n > 2:  # told
            x = x * 2
        return x


class Floats(torch.nn.Module):
    def forward(self, x):
        mean = x.mean().item()
        if mean > 0.1:  # told
            x = x + 1
        if mean > 0.0:  # told
            x = x * 2
        return x


class Stated(torch.nn.Module):
    def forward(self, x):
        n = x.sum().int().item()
        torch._check(n > 3)
        torch._check(n % 2 == 0)
        if n < 100:  # told
            x = x + 1
        if n > 2:
            x = x * 2
        if n % 2 == 0:
            x = x * 3
        return x


class NeverFalse(torch.nn.Module):
    def forward(self, x):
        n = x.nonzero().shape[0]
        if n > 3:  # told
            x = x + 1
        if n >= 0:
            x = x * 2
        return x


class Descending(torch.nn.Module):
    def forward(self, x):
        n = x.nonzero().shape[0]
        for least in (5, 3, 1):
            if n > least:  # told
                x = x + least
        return x


@pytest.mark.parametrize("model", [LowerBounds, Floats, Stated, NeverFalse, Descending])
def test_each_line_that_rests_on_an_assumption_is_reported(model):
    report = torchdraft.draft_export(model(), (torch.full((12,), 0.5),))._report
    sources = [issue.location.source for issue in report.issues]
    assert {issue.code for issue in report.issues} == {"TD101"}
    assert sources
    assert all(source.endswith("# told") for source in sources)
    assert len(sources) == {LowerBounds: 2, Floats: 2}.get(model, 1)


def test_turns_of_a_loop_are_one_issue_that_lists_them():
    (issue,) = torchdraft.draft_export(Descending(), (torch.full((12,), 0.5),))._report.issues
    expressions = [instance["expr"] for instance in issue.data["instances"]]
    assert issue.occurrences == 3
    assert expressions == [f"x.nonzero().shape[0] > {least}" for least in (5, 3, 1)]
