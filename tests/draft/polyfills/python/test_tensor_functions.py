"""Functions of `math` that torch computes of tensors stay symbolic."""

from __future__ import annotations

import math

import pytest
import torch
from torch.export import Dim

import torchdraft


class OfSize(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return x * compute(self.function, x.shape[0])


def compute(name, n):
    if name == "log":
        return math.log(n)
    if name == "log of base":
        return math.log(n, 3)
    if name == "log10":
        return math.log10(n)
    if name == "log1p":
        return math.log1p(n)
    if name == "exp":
        return math.exp(n / 10)
    if name == "sin":
        return math.sin(n)
    if name == "cos":
        return math.cos(n)
    if name == "tanh":
        return math.tanh(n)
    if name == "atan":
        return math.atan(n)
    return float(int(math.log2(n)))


NAMES = ["log", "log of base", "log10", "log1p", "exp", "sin", "cos", "tanh", "atan", "whole log2"]


@pytest.mark.parametrize("name", NAMES)
def test_of_every_size(name):
    program = torchdraft.draft_export(OfSize(name), (torch.ones(5),), dynamic_shapes=({0: Dim.AUTO},)).module()
    for size in (2, 5, 7, 8, 15, 16, 17, 1023, 1024):
        if name != "exp" or size < 50:
            torch.testing.assert_close(program(torch.ones(size)), OfSize(name)(torch.ones(size)))


class OfItem(torch.nn.Module):
    def forward(self, x):
        return x / math.log(x.max().item())


def test_of_a_number_read_from_data_and_outside_of_the_domain():
    program = torchdraft.draft_export(OfItem(), (torch.tensor([2.0, 3.0]),)).module()
    torch.testing.assert_close(program(torch.tensor([0.1, 9.0])), OfItem()(torch.tensor([0.1, 9.0])))
    with pytest.raises(RuntimeError):
        program(torch.tensor([-1.0, -2.0]))
