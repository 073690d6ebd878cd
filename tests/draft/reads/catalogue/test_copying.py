"""Tensors whose bytes are copied: saving one is a read."""

from __future__ import annotations

import io

import pytest
import torch

import torchdraft


class Saves(torch.nn.Module):
    def forward(self, x):
        file = io.BytesIO()
        torch.save({"x": x, "more": [x * 2]}, file)
        file.seek(0)
        return x + sum(t.sum() for t in torch.load(file)["more"])


def test_saving_a_tensor_is_a_read():
    x = torch.tensor([1.0, 2.0])
    program = torchdraft.draft_export(Saves(), (x,))
    assert program._report.rung == "symbolic"
    assert {issue.code for issue in program._report.issues} == {"TD103"}
    assert torch.equal(program.module()(x), Saves()(x))
    with pytest.raises(RuntimeError):
        program.module()(x + 1)
