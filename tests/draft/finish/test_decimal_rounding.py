"""`round(number, digits)` in a saved program: the digits that Python gives, at halves and beside them."""

from __future__ import annotations

import io
import random

import pytest
import torch
from torch.export import Dim

import torchdraft


class Rounds(torch.nn.Module):
    def __init__(self, digits):
        super().__init__()
        self.digits = digits

    def forward(self, x):
        ratio = x.shape[0] / x.shape[1]
        one = x.new_ones(1, dtype=torch.float64)
        return one * round(ratio, self.digits), one * round(-ratio, self.digits)


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_saved_and_exported_again(digits):
    model, args, shapes = Rounds(digits), (torch.rand(4, 3),), ({0: Dim.DYNAMIC, 1: Dim.DYNAMIC},)
    program = torchdraft.draft_export(model, args, dynamic_shapes=shapes)
    file = io.BytesIO()
    torchdraft.save(program, file)
    file.seek(0)
    loaded = torch.export.load(file).module()
    modules = [program.module(), loaded, torch.export.export(loaded, args, dynamic_shapes=shapes).module()]
    chance = random.Random(0)
    for _ in range(100):
        x = torch.empty(chance.randrange(2, 3000), chance.choice([3, 8, 16, 40, 80, 200, 400, 2000]))
        wanted = model(x)
        for module in modules:
            assert module(x) == wanted, tuple(x.shape)
