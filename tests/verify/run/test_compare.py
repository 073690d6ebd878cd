"""The comparison of two runs finds each kind of difference, and nothing else."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from torchdraft._verify.run.compare import Tolerance, differences, unequal
from torchdraft._verify.run.side import RunResult


@dataclass
class Sample:
    image: torch.Tensor
    label: object


class Pair(NamedTuple):
    one: object
    two: object


class Held:
    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def ran(
    result: Any = None, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None, **state: Any
) -> RunResult:
    return RunResult(result, (args, kwargs or {}), state, ())


def found_differences(
    want: RunResult, got: RunResult, before: dict[str, torch.Tensor] | None = None, **tolerance: float
) -> list[str]:
    return [str(found) for found in differences(want, got, before or {}, ["x", "y"], Tolerance(**tolerance))]


@pytest.mark.parametrize(
    ("want", "got", "said"),
    [
        (torch.ones(2), torch.ones(2, dtype=torch.float64), "output: dtype float64, in eager float32"),
        (torch.ones(2), torch.ones(3), "output: shape [3], in eager [2]"),
        (torch.ones(2), torch.ones(2).to_sparse(), "output: layout sparse_coo, in eager strided"),
        (torch.ones(2), torch.tensor([1.0, 2.0]), "output: 1 of 2 values differ, most at [1]: 2, in eager 1"),
        (torch.tensor(1), torch.tensor(2), "output: value differs: 2, in eager 1"),
        (torch.tensor([True, False]), torch.tensor([True, True]), "most at [1]"),
        (torch.tensor([math.nan, 1.0]), torch.tensor([1.0, 1.0]), "most at [0]: 1, in eager nan"),
        (torch.tensor([math.inf]), torch.tensor([-math.inf]), "value differs: -inf, in eager inf"),
        (torch.tensor([1 + 2j]), torch.tensor([1 - 2j]), "value differs"),
        (torch.tensor([1.0]).to_sparse(), torch.tensor([2.0]).to_sparse(), "output:"),
        ((torch.ones(1),), [torch.ones(1)], "output: a list, eager has a tuple"),
        ({"a": 1}, {"b": 1}, "output: holds 1 parts (['b']), in eager 1 parts (['a'])"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "holds"),
        ({"a": 1}, OrderedDict(a=1), "OrderedDict"),
        ((1, 2), (1,), "output: holds 1 parts ([0]), in eager 2 parts ([0], [1])"),
        (Sample(torch.ones(1), 1), Sample(torch.ones(1), 2), "output.label: 2, eager has 1"),
        (Pair(1, 2), Pair(1, 3), "output[1]: 3, eager has 2"),
        (Held(1), Held(2), "output.value: 2, eager has 1"),
        (1.0, 1.5, "output: 1.5, eager has 1.0"),
        (1, True, "output: True, eager has 1"),
        (1, 1.0, "output: 1.0, eager has 1"),
        (None, 1, "output: 1, eager has None"),
        ("sum", "mean", "'mean', eager has 'sum'"),
        (slice(0, 2), slice(0, 3), "slice(0, 3, None), eager has slice(0, 2, None)"),
        (np.array(["a"]), np.array(["b"]), "array(['b'], dtype='<U1'), eager has array(['a'], dtype='<U1')"),
        (np.float32(1), np.float64(1), "eager has"),
        (torch.float32, torch.float64, "torch.float64, eager has torch.float32"),
        (torch.ones(()), 1.0, "output: 1.0, eager has a tensor (float32[])"),
        (1.0, torch.ones(()), "output: a tensor (float32[]), eager has 1.0"),
    ],
)
def test_a_difference_is_said(want: object, got: object, said: str) -> None:
    (found,) = found_differences(ran(want), ran(got))
    assert said in found


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2),
        torch.tensor([math.nan, math.inf, -math.inf]),
        torch.empty(0, 3),
        {"a": [1, None, "x"], "b": (torch.tensor([1, 2]), {3})},
        Sample(torch.ones(1), [2.5]),
        Pair(torch.ones(1), math.nan),
        Held({"x": torch.ones(1).to_sparse()}),
        torch.nn.Linear(2, 2),
        torch.relu,
    ],
)
def test_the_same_is_the_same(value: object) -> None:
    assert found_differences(ran(value), ran(value)) == []


def test_rounding_is_no_difference() -> None:
    one = torch.rand(5)
    assert found_differences(ran(one), ran(one * (1 + 1e-7))) == []
    assert found_differences(ran(1.0), ran(1.0 + 1e-7)) == []
    assert found_differences(ran(one), ran(one * 1.01)) != []
    assert found_differences(ran(one), ran(one * 1.01), rtol=0.1, atol=0.1) == []


def test_a_parameter_among_the_outputs_may_come_out_as_a_tensor() -> None:
    assert found_differences(ran(torch.nn.Parameter(torch.ones(2))), ran(torch.ones(2))) == []


def test_what_was_written_to_inputs_counts() -> None:
    want = ran(args=(torch.ones(2), [torch.zeros(1)]), kwargs={"k": {"a": torch.ones(1)}})
    got = ran(args=(torch.zeros(2), [torch.ones(1)]), kwargs={"k": {"a": torch.zeros(1)}})
    assert [line.partition(" after the call")[0] for line in found_differences(want, got)] == [
        "input x",
        "input y[0]",
        "input k['a']",
    ]


def test_what_was_added_to_a_container_counts() -> None:
    assert "input x after the call: holds nothing" in found_differences(ran(args=([1],)), ran(args=([],)))[0]


def test_buffers_count_wherever_eager_writes_to_them() -> None:
    seen, unseen = torch.ones(1), torch.zeros(1)
    assert found_differences(ran(seen=seen), ran(seen=unseen)) == ["seen after the call: value differs: 0, in eager 1"]
    assert found_differences(ran(seen=seen), ran(), {"seen": unseen}) != []
    assert found_differences(ran(seen=seen), ran(), {"seen": seen}) == []


def test_parameters_may_be_converted_by_the_model() -> None:
    weight = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    assert found_differences(ran(weight=weight), ran(weight=torch.nn.Parameter(torch.ones(2)))) == []
    assert found_differences(ran(weight=weight), ran(weight=torch.nn.Parameter(torch.zeros(2)))) != []


def test_a_structure_that_holds_itself_ends() -> None:
    loop: list[object] = [1]
    loop.append(loop)
    assert found_differences(ran(loop), ran(loop)) == []


def test_every_difference_is_found() -> None:
    found = differences(ran((1, torch.ones(1), 2)), ran((1, torch.zeros(1), 3)), {}, [], Tolerance())
    assert [(each.leaf, each.leaves, each.kind) for each in found] == [(1, 3, "values"), (2, 3, "values")]


def test_unequal() -> None:
    assert unequal(torch.ones(2), torch.ones(3))
    assert not unequal(torch.ones(2), torch.ones(2))
