"""`len(x)` is the size that `x.shape[0]` is, in a trace as well."""

from __future__ import annotations

import pytest
import torch
from torch.export import Dim

from tests.draft.drafting import Draftable, hold_to_the_promises


class OfAnInput(torch.nn.Module):
    def forward(self, x):
        return x.reshape(len(x), -1) * len(x), torch.zeros(len(x), 2), [len(x)]


class InABranch(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > -100, lambda x: x * len(x), lambda x: x - len(x), (x,))


class OfWhatDataDecides(torch.nn.Module):
    def forward(self, x):
        found = x[x > 0]
        return torch.arange(len(found)), found.sum() / len(found)


@pytest.mark.parametrize("model", [OfAnInput, InABranch])
def test_a_dimension_stays_dynamic(model):
    dynamic = {"dynamic_shapes": {"x": {0: Dim.DYNAMIC}}}
    case = Draftable(model, (torch.rand(4, 3),), right=[(torch.rand(7, 3),)], options=dynamic)
    hold_to_the_promises(case)


def test_a_size_that_data_decides_stays_data():
    x = torch.tensor([1.0, -1.0, 2.0])
    program = hold_to_the_promises(Draftable(OfWhatDataDecides, (x,), right=[(x.abs(),), (-x,)]))
    assert program._report.successful()


def test_what_has_no_length_raises_as_it_does_eagerly():
    class Scalar(torch.nn.Module):
        def forward(self, x):
            try:
                return x.sum() * len(x.sum())
            except TypeError:
                return x

    hold_to_the_promises(Draftable(Scalar, (torch.rand(3),)))
