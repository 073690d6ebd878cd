"""`max(n / 4, 1)` is a float or an int: the choice is a guard only where the class makes a difference."""

from __future__ import annotations

import math

import pytest
import torch
from torch.export import Dim

import torchdraft

SIZES = (2, 3, 4, 6, 9, 33)


class Mixed(torch.nn.Module):
    def __init__(self, use):
        super().__init__()
        self.use = use

    def forward(self, x):
        return self.use(x, max(x.shape[0] / 4, 1))


EITHER_CLASS = {
    "scale": lambda x, v: x * v,
    "added to a float": lambda x, v: x + (v + 0.5),
    "subtracted": lambda x, v: x * (2.5 - v),
    "divided": lambda x, v: x + 1 / v,
    "int": lambda x, v: x[:, : int(v) + 1] * 1,
    "float": lambda x, v: torch.full((2,), float(v)) + x[0, 0],
    "round": lambda x, v: x.repeat(1, round(v)),
    "ceil": lambda x, v: x.repeat(1, math.ceil(v)),
    "sqrt": lambda x, v: x * math.sqrt(v),
    "compared": lambda x, v: x * float(v > 0.5),
    "extreme": lambda x, v: x * min(v, 2.0),
}
ONE_CLASS = {
    "dtype": lambda x, v: torch.full((2,), v),
    "integers": lambda x, v: x.long() * v,
    "list": lambda x, v: torch.tensor([v]),
    "slice": lambda x, v: x[:, :v] if isinstance(v, int) else x[:, :2],
    "class": lambda x, v: x * 2 if type(v) is int else x,
    "doubled": lambda x, v: torch.arange(v * 2),
    "negated": lambda x, v: x.long() * -v,
    "rounded": lambda x, v: x.long() * round(v, 1),
    "text": lambda x, v: x * len(str(v)),
    "output": lambda x, v: (x, v),
    "range": lambda x, v: x * sum(range(v if isinstance(v, int) else 3)),
}


def equal(one, other):
    if isinstance(one, tuple):
        return all(map(equal, one, other))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("rows", [3, 6])
@pytest.mark.parametrize("name", EITHER_CLASS)
def test_a_use_of_the_value_is_right_for_both(name, rows):
    model = Mixed(EITHER_CLASS[name])
    program = torchdraft.draft_export(model, (torch.rand(rows, 40) * 9,), dynamic_shapes=({0: Dim.DYNAMIC},))
    assert program._report.rung == "symbolic"
    for size in SIZES:
        x = torch.rand(size, 40) * 9
        assert equal(program.module()(x), model(x))


@pytest.mark.parametrize("rows", [3, 6])
@pytest.mark.parametrize("name", ONE_CLASS)
def test_a_use_of_the_class_is_right_or_raises(name, rows):
    model = Mixed(ONE_CLASS[name])
    program = torchdraft.draft_export(model, (torch.rand(rows, 40) * 9,), dynamic_shapes=({0: Dim.DYNAMIC},))
    raised = []
    for size in SIZES:
        x = torch.rand(size, 40) * 9
        try:
            got = program.module()(x)
        except Exception:
            raised.append(size)
        else:
            assert equal(got, model(x))
    assert rows not in raised
    assert raised
