"""The first difference between a program's outputs and eager's."""

from __future__ import annotations

import pytest
import torch

from tests.wrappers import Pair
from torchdraft._draft.check.outputs import mismatch

X = torch.ones(2)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (X, X + 1e-6),
        (float("nan"), float("nan")),
        ({"a": (X, 1)}, {"a": (X, 1)}),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")])),
        (X.to_sparse(), X.to_sparse()),
        (X.to("meta"), X.to("meta")),
        (Pair(X, X + 1), Pair(X, X + 1)),
    ],
)
def test_equal_outputs(got, want):
    assert mismatch(got, want) == ""


@pytest.mark.parametrize(
    ("got", "want", "text"),
    [
        ((X,), (X, X), "1 outputs, eager returns 2"),
        ([X], (X,), "outputs in the structure "),
        ((X, X * 2), (X, X), "output 1: Tensor-likes are not close!"),
        (X, X.double(), "output 0: torch.float32 [2], eager returns torch.float64 [2]"),
        (X, 1, "output 0: a tensor, eager returns 1"),
        (Pair(X, X), Pair(X, X + 1), "output 0: .right: Tensor-likes are not close!"),
        (X, Pair(X, X), "output 0: Tensor, eager returns Pair"),
        (1, X, "output 0: int, eager returns a tensor"),
    ],
)
def test_the_first_difference(got, want, text):
    assert mismatch(got, want).startswith(text)


def test_a_fake_tensor_is_a_difference():
    with torch._subclasses.FakeTensorMode():
        fake = torch.ones(2)
    assert mismatch(fake, X) == "output 0: a fake tensor: computation that the tracer did not see"
