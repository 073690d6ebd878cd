"""An unbacked symbol with one possible value: its range is the value, as torch's programs say, and the file loads."""

from __future__ import annotations

import io

import pytest
import torch

import torchdraft


class Checked(torch.nn.Module):
    def forward(self, x, n):
        k = n.item()
        torch._check(k == 6)
        return x[:k] + k


class Bounded(torch.nn.Module):
    def forward(self, x, n):
        k = n.item()
        torch._check(k >= 6)
        torch._check(k <= 6)
        return x.new_zeros(k) + k


class Found(torch.nn.Module):
    def forward(self, x, n):
        rows = x.nonzero()
        torch._check(rows.shape[0] == 10)
        return rows + n


@pytest.mark.parametrize("model", [Checked(), Bounded(), Found()], ids=lambda model: type(model).__name__)
def test_range_is_the_value_and_the_file_loads(model):
    args = (torch.ones(10), torch.tensor(6))
    program = torchdraft.draft_export(model, args)
    ranges = {str(symbol): str(bounds) for symbol, bounds in program.range_constraints.items()}
    assert ranges == {
        str(symbol): str(bounds) for symbol, bounds in torch.export.export(model, args).range_constraints.items()
    }
    for save, load in [
        (torchdraft.save, torchdraft.load),
        (torchdraft.save, torch.export.load),
        (torch.export.save, torch.export.load),
    ]:
        file = io.BytesIO()
        save(program, file)
        assert ranges == {str(symbol): str(bounds) for symbol, bounds in program.range_constraints.items()}
        file.seek(0)
        assert torch.equal(load(file).module()(*args), model(*args))
