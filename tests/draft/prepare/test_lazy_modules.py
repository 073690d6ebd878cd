"""Lazy modules, whose parameters the first call makes."""

from __future__ import annotations

import io
import warnings

import pytest
import torch
from torch.export import Dim
from torch.nn.parameter import UninitializedParameter

import torchdraft


class Lazy(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls them a new feature
            self.conv = torch.nn.LazyConv1d(3, 2)
            self.norm = torch.nn.LazyBatchNorm1d()
            self.last = torch.nn.LazyLinear(2)

    def forward(self, x):
        return self.last(self.norm(self.conv(x)))


def test_the_program_has_parameters_and_the_model_has_none():
    model, x = Lazy().eval(), torch.rand(2, 4, 6)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    program = torchdraft.draft_export(model, (x,), dynamic_shapes={"x": {0: Dim.DYNAMIC}})
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(model.conv.weight, UninitializedParameter)
    assert program._report.rung == "symbolic"
    told = {i.data["attribute"].rpartition(".")[2]: i.severity for i in program._report.issues if i.code == "TD402"}
    assert told == dict.fromkeys(("weight", "bias", "running_mean", "running_var"), "note")
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    want = model(x)  # makes the same parameters, from the same random state
    other = torch.rand(5, 4, 6)
    for made in (program, torch.export.load(file)):
        torch.testing.assert_close(made.module()(x), want)
        torch.testing.assert_close(made.module()(other), model(other))


def test_a_first_call_that_raises_raises_as_it_does_eagerly():
    with pytest.raises(RuntimeError, match="size"):
        torchdraft.draft_export(Lazy(), (torch.rand(2, 4, 1),))
