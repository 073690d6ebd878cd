"""Decomposed programs of sparse inputs: right, or loud where they computed with the number of elements."""

from __future__ import annotations

import pytest
import torch

import torchdraft

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # run_decompositions of torch


class Net(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def count_in_a_number(x):
    return x._values().sum() + x._indices().shape[1]


def count_in_a_size(x):
    return torch.ones(x._nnz()) * 2


def count_returned(x):
    return x._values() * 2, x._nnz()


def count_compared(x):
    torch._check(x._nnz() > 0)
    return x._values() * 2


EXAMPLE, OTHER = torch.eye(3).to_sparse().coalesce(), torch.ones(3, 3).to_sparse().coalesce()


@pytest.mark.parametrize("function", [count_in_a_number, count_in_a_size])
def test_a_number_of_elements_that_decomposing_fixed_is_asserted(function):
    program = torchdraft.draft_export(Net(function), (EXAMPLE,))
    for x in (EXAMPLE, OTHER):
        torch.testing.assert_close(program.module()(x), function(x))
    decomposed = program.run_decompositions().module()
    with pytest.raises(AssertionError, match="_nnz"):
        decomposed(EXAMPLE)


def test_values_alone_decompose():
    program = torchdraft.draft_export(Net(lambda x: x._values() * 2 + 1), (EXAMPLE,))
    decomposed = program.run_decompositions().module()
    for x in (EXAMPLE, OTHER):
        torch.testing.assert_close(decomposed(x), x._values() * 2 + 1)


@pytest.mark.parametrize("function", [count_returned, count_compared])
def test_other_uses_are_right_or_loud(function):
    program = torchdraft.draft_export(Net(function), (EXAMPLE,))
    for x in (EXAMPLE, OTHER):
        torch.testing.assert_close(program.module()(x), function(x))
    try:
        decomposed = program.run_decompositions().module()
        got = decomposed(OTHER)
    except (RuntimeError, AssertionError):
        return
    torch.testing.assert_close(got, function(OTHER))
