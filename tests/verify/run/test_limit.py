"""A run that exceeds the time limit is interrupted, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import torch

import torchdraft
from tests.verify.models import drafted
from torchdraft import Outcome
from torchdraft._verify.run import side
from torchdraft._verify.run.limit import TookTooLong, within


def endless() -> None:
    while True:
        try:
            torch.ones(1)
        except Exception:
            continue


def test_a_loop_without_end_is_ended() -> None:
    with pytest.raises(TookTooLong, match="not done within"), within(0.05):
        endless()


def test_what_ends_in_time_is_left_alone() -> None:
    before = threading.active_count()
    for _ in range(3):
        with within(60):
            torch.ones(1)
    assert threading.active_count() == before


def test_an_exception_passes_through() -> None:
    with pytest.raises(KeyError), within(60):
        raise KeyError


def test_the_end_may_come_as_the_block_ends() -> None:
    for microseconds in range(0, 3000, 100):
        try:
            with within(microseconds / 1e6):
                sum(range(20000))
        except TookTooLong:
            continue
    sum(range(100000))  # nothing is raised afterwards


def test_an_exception_that_the_block_catches_has_been_raised() -> None:
    with within(0.05):
        try:
            endless()
        except BaseException:
            caught = True
    assert caught


TRACED = """
import sys
from torchdraft._verify.run.limit import TookTooLong, within
try:
    with within(0.05):
        while True:
            pass
except TookTooLong:
    sys.settrace(lambda *event: None)
    print(len("traced"))
    (lambda: None)()
"""


def test_code_can_be_traced_afterwards() -> None:
    """Sets a trace function like coverage and debuggers. CPython 3.11 could hang in traced code with a pending
    exception.
    """
    subprocess.run([sys.executable, "-c", TRACED], check=True, timeout=60)


class Doubles(torch.nn.Module):
    """Never ends for zeros."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        while x.sum() < 10:
            x = x * 2
        return x


def test_an_endless_model_is_a_model_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side, "LEAST", 0.5)
    model, x = Doubles(), torch.ones(3)
    found = torchdraft.verify(drafted(model, x), model, inputs=[(x,), (torch.zeros(3),), (x,)])
    assert [trial.outcome for trial in found.trials] == [Outcome.EQUAL, Outcome.RAISED, Outcome.EQUAL]
    assert "TimeoutError: not done within" in found.trials[1].detail
    assert found.trials[1].told
