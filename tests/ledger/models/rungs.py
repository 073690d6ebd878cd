"""Drafts that fall back to another rung or keep a surrogate."""

import itertools
import zlib

import torch
from torch.nn.attention.flex_attention import flex_attention

import torchdraft
from tests.ledger.registry import model


@model
def rung_differs():
    """A model whose output differs from call to call: no program can agree with it."""
    return Turns(), (torch.ones(3),)


# expect without a line: TD904


class Turns(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.turns = itertools.count(1)

    def forward(self, x):
        return x * next(self.turns)


@model
def rung_frozen_result():
    """Nested tensors that no tracer can describe: the program checks its inputs and returns what the model returned."""
    return Pad(), (torch.ones(2, 3),)


class Pad(torch.nn.Module):
    def forward(self, x):
        rows = torch.nested.nested_tensor([x[:1], x])  # expect: TD905
        return torch.nested.to_padded_tensor(rows, 0.0)


@model
def rung_not_saveable():
    """An operator whose arguments torch's file format has no form for."""
    return Attention(), (torch.ones(2, 2, 16, 8),)


class Attention(torch.nn.Module):
    def forward(self, x):
        return flex_attention(x, x, x, score_mod=lambda score, b, h, q, k: score + q - k)  # expect: TD906


@model
def rung_island():
    """A submodule that insists on plain tensors and branches on data: it alone is recorded."""
    return Net(), (torch.ones(3),)


class Plain(torch.nn.Module):
    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")  # expect: TD901
        return x * 2 if x[0] > 0 else x * 3  # expect: TD101


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)
        self.plain = Plain()

    def forward(self, x):
        return self.plain(x.abs() + 1) + self.linear(x)


@model
def rung_island_in_stack():
    """Three layers of a class that insists on plain tensors, among others: one cause, three layers."""
    layers = [torch.nn.Linear(2, 2), PlainInStack(), torch.nn.ReLU(), PlainInStack(), PlainInStack()]
    return torch.nn.Sequential(*layers), (torch.ones(1, 2),)


class PlainInStack(torch.nn.Module):
    def forward(self, x):
        assert x.__class__ is torch.Tensor, "plain tensors only"  # expect: TD901 x3
        return x * 2


@model(strict=True)
def rung_strict():
    """Strict tracing asked for a model that Dynamo can't follow."""
    return Salted(), (torch.ones(3),)


class Salted(torch.nn.Module):
    def forward(self, x):
        return x * (zlib.crc32(b"scale") % 7 + 1)  # expect: TD902


@model
def rung_whole_model():
    """A forward that insists on plain tensors: the whole model is recorded."""
    return Strict(), (torch.ones(3),)


class Strict(torch.nn.Module):
    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")  # expect: TD901
        return x * 2


@model
def stand_in_not_needed():
    """Weights without data that no question needs."""
    with torchdraft.fake_weights():
        model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.GELU(), torch.nn.Linear(8, 2))
    return model, (torch.ones(4, 3),)


# expect without a line: TD903


@model
def stand_in_weight():
    """A branch on a weight without data: the choice is an assumption, and so is the number that stood in for the
    weight.
    """
    with torchdraft.fake_weights():
        model = Scaled()
    return model, (torch.ones(3),)


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(3))

    def forward(self, x):
        if self.scale.sum() > 0:  # expect: TD101, TD304
            return x * self.scale
        return x


# expect without a line: TD903
