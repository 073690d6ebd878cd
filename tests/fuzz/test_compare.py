"""The comparison that the fuzzer and the benchmarks use finds each kind of difference."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from benchmarks.compare import difference


@dataclass
class Pair:
    one: object
    two: object


@pytest.mark.parametrize(
    ("expected", "actual", "said"),
    [
        (torch.ones(2), torch.ones(2, dtype=torch.float64), "dtype"),
        (torch.ones(2), torch.ones(3), "shape"),
        (torch.ones(2), torch.tensor([1.0, 2.0]), "values differ by up to 1"),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), "1 of 2 values"),
        (torch.tensor([float("nan")]), torch.ones(1), "differ"),
        ((torch.ones(1),), [torch.ones(1)], "tuple"),
        ({"a": 1}, {"b": 1}, "'a'"),
        ((1, 2), (1,), "leaves"),
        (Pair(1, 2), Pair(1, 3), "'two'"),
        (1.0, 1.5, "became 1.5"),
        (torch.ones(()), 1.0, "expected Tensor"),
    ],
)
def test_a_difference_is_said(expected: object, actual: object, said: str) -> None:
    assert said in (difference(expected, actual) or "")


@pytest.mark.parametrize(
    "value", [torch.ones(2), torch.tensor([float("nan")]), {"a": [1, None, "x"]}, Pair(torch.ones(1), (2.5,)), 3]
)
def test_the_same_is_the_same(value: object) -> None:
    assert difference(value, value) is None


def test_loose_comparison_forgets_containers() -> None:
    assert difference((torch.ones(1), 3), {"x": torch.ones(1)}, loose=True) is None
