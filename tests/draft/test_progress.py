"""What a draft and a verification say of themselves while they run."""

from __future__ import annotations

import re

import pytest
import torch

import torchdraft
from torchdraft._draft.progress import described, what_runs


class Watched(torch.nn.Module):
    """Prints the progress in the middle of its own trace. What it would write into a list, the draft would undo."""

    def forward(self, x):
        x = x + 1
        print(what_runs())
        return (x * 2).sin()


class Plain(torch.nn.Module):
    """Cannot be traced with symbols."""

    def forward(self, x):
        print(what_runs())
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        return x * 2


@pytest.fixture(autouse=True)
def nothing_runs_afterwards():
    yield
    assert what_runs() == ""


def test_a_trace_says_how_many_operations_it_has(capsys):
    torchdraft.draft_export(Watched(), (torch.ones(2),))
    assert "trace: 1 operations, rung symbolic" in capsys.readouterr().out.splitlines()


def test_a_second_attempt_is_said(capsys):
    program = torchdraft.draft_export(Plain(), (torch.ones(2),))
    assert program._report.rung != "symbolic"
    lines = capsys.readouterr().out.splitlines()
    assert any(re.fullmatch(r"trace: \d+ operations, rung (island|concrete), attempt \d", line) for line in lines)


def test_a_verification_says_how_many_inputs_it_has():
    program = torch.export.export(torch.nn.ReLU(), (torch.ones(2),))
    seen = []
    torchdraft.verify(program, torch.nn.ReLU(), n=3, progress=lambda _: seen.append(what_runs()))
    assert seen == ["1 of 3 inputs", "2 of 3 inputs", "3 of 3 inputs"]


def test_the_innermost_work_is_said_and_an_error_is_not():
    with described(lambda: "outer"):
        with described(lambda: "inner"):
            assert what_runs() == "inner"
        assert what_runs() == "outer"
        with described(lambda: 1 / 0):
            assert what_runs() == ""


def test_nothing_stays_after_an_exception():
    class Raises(torch.nn.Module):
        def forward(self, x):
            raise ValueError("eager too")

    with pytest.raises(ValueError, match="eager too"):
        torchdraft.draft_export(Raises(), (torch.ones(2),))
