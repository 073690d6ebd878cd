"""Short descriptions of values."""

from __future__ import annotations

import pytest
import torch

from torchdraft._draft.state.containers import Inner
from torchdraft._draft.state.describe import describe_value
from torchdraft._draft.state.module_states import MISSING

VALUES = [
    (MISSING, "(not set)"),
    (torch.ones(2, 3), "float32[2, 3]"),
    ([1, "a", None], "list(1, 'a', None)"),
    ((1, 2, 3, 4, 5), "tuple(1, 2, 3, 4, …)"),
    ({"x": torch.ones(1), "y": 2.5}, "{'x': float32[1], 'y': 2.5}"),
    (Inner([1], [2]), "list(2)"),
    (torch.nn.ReLU(), "ReLU"),
    ("x" * 200, "'" + "x" * 119),
]


@pytest.mark.parametrize(("value", "text"), VALUES, ids=[text[:12] for _, text in VALUES])
def test_a_value_is_described(value, text):
    assert describe_value(value) == text
