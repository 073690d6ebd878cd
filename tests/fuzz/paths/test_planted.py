"""Faults planted in the engine: without the comparison with the paths a program is wrong, and with it none is."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.draft.paths.every_path import drafted, outcome
from tests.fuzz.paths.check import built
from tests.fuzz.paths.planted import FAULTS, planted
from torchdraft import PathBudget

BUDGET = PathBudget(paths=8, at_one_line=2)
NUMBER = torch.tensor(2)
INPUTS = tuple(
    (torch.tensor(values), NUMBER) for values in ([1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [30.0, -80.0, 9.0], [-3.0, 9, 1])
)


class InARow(torch.nn.Module):
    """Its sides have as many operations."""

    def forward(self, x: Any, n: Any) -> Any:
        y = x * 2 if x[0] > 0 else x * 3
        y = y + 1 if x.sum() > 0 else y + 2
        return y - n


class Halves(torch.nn.Module):
    def forward(self, x: Any, n: Any) -> Any:
        total = torch.zeros(3)
        while x.norm() > 3:
            total = total + x
            x = x / 2
        return x, total * n


WRITES = 345
"""The number of a random model that writes to a buffer on one side."""

SHOWN_BY: dict[str, Any] = {
    "write_leaks": WRITES,
    "write_is_lost": WRITES,
    "stale_condition": InARow,
    "stale_turn": Halves,
}


def outcomes(shown_by: Any) -> list[str]:
    model = built(shown_by) if isinstance(shown_by, int) else shown_by()
    program = drafted(model, INPUTS[0], paths=BUDGET)
    return [outcome(model, program, args) for args in INPUTS]


@pytest.mark.parametrize("fault", SHOWN_BY)
def test_a_planted_fault_is_found(fault: str) -> None:
    with planted(fault, compared=False):
        assert not set(outcomes(SHOWN_BY[fault])) <= {"right", "loud"}
    with planted(fault, compared=True):
        assert set(outcomes(SHOWN_BY[fault])) <= {"right", "loud"}


def test_a_prefix_out_of_step_is_found_where_the_paths_are_aligned() -> None:
    with planted("prefix_out_of_step", compared=False):
        assert set(outcomes(InARow)) == {"right", "loud"}


def test_each_fault_has_a_test() -> None:
    assert set(FAULTS) == {*SHOWN_BY, "prefix_out_of_step"}
