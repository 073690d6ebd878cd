"""Texts among the results of an operator are described by themselves."""

from __future__ import annotations

import pytest
import torch
from torch.fx.experimental import proxy_tensor

from torchdraft._torch.patches.operators.operator_results import plain_results_described


@pytest.mark.parametrize("value", ["up", torch.float32, 1j])
def test_plain_values_are_described(value, monkeypatch):
    with pytest.raises(AssertionError, match="unreachable"):
        proxy_tensor.extract_val(value)
    monkeypatch.setattr(proxy_tensor, "extract_val", plain_results_described(proxy_tensor.extract_val))
    assert proxy_tensor.extract_val((1, [value])) == (1, [value])
