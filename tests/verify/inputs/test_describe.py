from __future__ import annotations

from typing import Any

import pytest
import torch

from torchdraft._verify.inputs.call import Call, given
from torchdraft._verify.inputs.describe import in_words, inputs_as_code, inputs_in_words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.zeros(2, 3), "float32[2, 3] all 0"),
        (torch.tensor([3, 5]), "int64[2] [3, 5]"),
        (torch.tensor(2.5), "float32[] 2.5"),
        (torch.arange(10.0), "float32[10] from 0 to 9"),
        (torch.tensor([*range(8), float("nan")]), "float32[9] from 0 to 7, 1 NaN"),
        (torch.tensor([True] * 7 + [False]), "bool[8], 7 of 8 true"),
        (torch.empty(0, 3), "float32[0, 3]"),
        (torch.ones(9, dtype=torch.complex64) * torch.arange(9), "complex64[9]"),
        (torch.ones(2).to_sparse(), "float32[2], torch.sparse_coo"),
        (torch.ones(2, device="meta"), "float32[2], torch.strided"),
        (True, "True"),
        ("sum", "'sum'"),
    ],
)
def test_in_words(value: Any, said: str) -> None:
    assert in_words(value) == said


def test_inputs_are_named_as_the_user_reaches_them() -> None:
    call = Call((torch.ones(1), [torch.zeros(1), 3]), {"k": {"a": 1.5}})
    assert inputs_in_words(call, ["x", "pair"]) == {
        "x": "float32[1] [1]",
        "pair[0]": "float32[1] [0]",
        "pair[1]": "3",
        "k['a']": "1.5",
    }
    assert list(inputs_in_words(call, ["x"]))[:2] == ["x", "args[1][0]"]


@pytest.mark.parametrize(
    "value",
    [
        torch.zeros(2, 3),
        torch.ones(4, dtype=torch.int32),
        torch.full((3,), 2.5),
        torch.tensor([[1.5, float("nan")], [float("inf"), -float("inf")]]),
        torch.tensor([True, False]),
        torch.empty(0, 2),
        torch.tensor(7),
        torch.randn(5),
        3,
        "sum",
    ],
)
def test_code_makes_the_value_again(value: Any) -> None:
    names: dict[str, Any] = {}
    exec(inputs_as_code(Call((value,), {}), ["x"]), {"torch": torch}, names)
    if isinstance(value, torch.Tensor):
        torch.testing.assert_close(names["x"], value, rtol=0, atol=0, equal_nan=True)
    else:
        assert names["x"] == value


def test_large_tensors_are_not_written_out() -> None:
    code = inputs_as_code(Call((torch.arange(100),), {}), ["x"])
    assert code == "x = ...  # int64[100] from 0 to 99"


def test_forms_of_given_inputs() -> None:
    x = torch.ones(1)
    calls = given([(x,), ((x,), {"k": 1}), (x, {"k": 1}), ((x, {"k": 1}), {})], seed=5)
    assert [(len(call.args), dict(call.kwargs)) for call in calls] == [(1, {}), (1, {"k": 1}), (2, {}), (2, {})]
    assert [call.seed for call in calls] == [5, 6, 7, 8]
