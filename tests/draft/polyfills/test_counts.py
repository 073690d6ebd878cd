"""Operations with a count stay symbolic; slices lie within dimensions of symbolic size."""

from __future__ import annotations

import pytest
import torch
from torch.export import Dim
from torch.nn import functional

import torchdraft


class OneHot(torch.nn.Module):
    def forward(self, ids):
        return functional.one_hot(ids, int(ids.max()) + 1)


class OneHotBelow(torch.nn.Module):
    def forward(self, ids, n):
        return functional.one_hot(ids, n.item())


def test_one_hot():
    program = torchdraft.draft_export(OneHot(), (torch.tensor([0, 2, 1]),)).module()
    for ids in ([0, 0, 0], [4, 1, 0]):
        assert torch.equal(program(torch.tensor(ids)), OneHot()(torch.tensor(ids)))


@pytest.mark.parametrize(("ids", "count"), [([0, 3], 3), ([-1, 0], 2), ([0, 0], 0)])
def test_one_hot_raises_as_eager_does(ids, count):
    program = torchdraft.draft_export(OneHotBelow(), (torch.tensor([0, 2]), torch.tensor(3))).module()
    with pytest.raises(RuntimeError):
        OneHotBelow()(torch.tensor(ids), torch.tensor(count))
    with pytest.raises(RuntimeError):
        program(torch.tensor(ids), torch.tensor(count))


class Pooled(torch.nn.Module):
    def forward(self, x):
        return functional.adaptive_avg_pool1d(x, x.shape[-1] // 2)


@pytest.mark.parametrize("size", [2, 7, 12, 21])
def test_adaptive_average(size):
    shapes = ({2: Dim.AUTO},)
    program = torchdraft.draft_export(Pooled(), (torch.ones(2, 3, 12),), dynamic_shapes=shapes).module()
    x = torch.arange(6.0 * size).reshape(2, 3, size)
    torch.testing.assert_close(program(x), Pooled()(x))


class LastRows(torch.nn.Module):
    def forward(self, x):
        limit = 16 if x.shape[0] > 10 else 4
        return x[-limit:].cumsum(0)


def test_slices_over_the_end():
    shapes = ({0: Dim.AUTO},)
    program = torchdraft.draft_export(LastRows(), (torch.ones(8, 2),), dynamic_shapes=shapes, paths="all").module()
    for size in (2, 3, 4, 5, 8, 11, 15, 16, 20):
        x = torch.arange(2.0 * size).reshape(size, 2)
        torch.testing.assert_close(program(x), LastRows()(x))


class Bytes(torch.nn.Module):
    def forward(self, x):
        return x * x.nbytes + x.int().nbytes


def test_the_number_of_bytes():
    program = torchdraft.draft_export(Bytes(), (torch.ones(3, 2),), dynamic_shapes=({0: Dim.DYNAMIC},))
    assert not program._report.issues
    for x in (torch.ones(3, 2), torch.ones(5, 2)):
        assert torch.equal(program.module()(x), Bytes()(x))
