"""A result that depends on the order of keys is reported; one that does not, and one that is random, is not."""

import pytest
import torch

import torchdraft


def names(x, parts):
    return x + 1, list(parts)


def joined(x, parts):
    return torch.cat([x, *parts.values()])


def summed(x, parts):
    return x + sum(parts.values())


def mapped(x, parts):
    return {name: part + x for name, part in parts.items()}


def by_name(x, parts):
    return x * parts["a"] + parts["b"]


def drawn(x, parts):
    return x + torch.rand(2) + parts["a"]


class Variadic(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x, **parts):
        return self.function(x, parts)


class Dict(Variadic):
    def forward(self, x, parts):
        return self.function(x, parts)


X, PARTS = torch.ones(2), {"a": torch.full((2,), 5.0), "b": torch.full((2,), 7.0)}


def codes(function, variadic):
    if variadic:
        report = torchdraft.draft_export(Variadic(function), (X,), PARTS)._report
    else:
        report = torchdraft.draft_export(Dict(function), (X, PARTS))._report
    return [(issue.code, str(issue.severity), issue.expr) for issue in report.issues]


@pytest.mark.parametrize("variadic", [True, False])
@pytest.mark.parametrize("function", [names, joined])
def test_order_that_matters_is_reported_at_the_parameter(function, variadic):
    assert codes(function, variadic) == [("TD104", "baked", "order of keys")]


@pytest.mark.parametrize("variadic", [True, False])
@pytest.mark.parametrize("function", [summed, mapped, by_name, drawn])
def test_order_that_does_not_matter_is_not_reported(function, variadic):
    assert codes(function, variadic) == []
