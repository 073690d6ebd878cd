"""Branches on sizes of inputs: each side has sizes that fit it, and asserts what it asks."""

from __future__ import annotations

import pytest
import torch
from torch.export import Dim

from tests.draft.paths.every_path import assert_right, assert_right_or_loud

ROWS = {0: Dim("rows", min=2)}


def rows(*sizes):
    return [(torch.arange(2.0 * n).reshape(n, 2) - 3,) for n in sizes]


class Longer(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 10:
            return x[:10].sum(0)
        return x.mean(0)


class Even(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] % 2 == 0:
            return x * 2
        return x + 1


class Three(torch.nn.Module):
    def forward(self, x):
        n = x.shape[0]
        if n > 20:
            return x - 1
        if n > 5:
            return x * n
        return x / n


class SizeInsideData(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x[:3] * 2 if x.shape[0] > 3 else x * 3
        return x * x.shape[0]


class Halves(torch.nn.Module):
    """The side asks more about the size: whether it can be split in two."""

    def forward(self, x):
        if x.shape[0] > 6:
            x = x.reshape(2, -1).sum(0)
            return x[:4]
        return x.reshape(-1)[:4]


@pytest.mark.parametrize("model", [Longer, Even, Three])
def test_both_sides_of_a_branch_on_a_size(model: type[torch.nn.Module]) -> None:
    assert_right_or_loud(model(), *rows(4, 3, 7, 12, 25), dynamic_shapes=(ROWS,))


@pytest.mark.parametrize("model", [SizeInsideData, Halves])
def test_what_a_side_asks_about_sizes_does_not_hold_on_the_other_one(model: type[torch.nn.Module]) -> None:
    assert_right_or_loud(model(), *rows(8, 4, 12, 5), dynamic_shapes=(ROWS,))


class Masked(torch.nn.Module):
    def forward(self, x):
        y = x[x > 0]
        if y.numel() == 0:
            return x.sum()
        return y.mean()


def test_a_size_that_data_decides() -> None:
    assert_right(Masked(), (torch.ones(3),), (-torch.ones(3),), (torch.tensor([1.0, -1.0, 4.0]),))
