"""The code that a model's `forward` reaches by name."""

from __future__ import annotations

import functools

import pytest
import torch

from torchdraft._draft.state.reachable_code import ReachableCode, is_followed

SCALE = 2.0


def decorated(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x)

    return wrapper


@decorated
def helper(x):
    return deeper(x) * SCALE


def deeper(x):
    return Tool().work(x)


def unreached(x):
    return x


class Tool:
    def work(self, x):
        return x


def made():
    def inner(x):
        return x

    def outer(x):
        return inner(x)

    return outer


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.functions = [made()]

    def forward(self, x):
        return helper(x)


def test_functions_are_followed_through_calls_decorators_methods_and_closures():
    reachable = ReachableCode.of(Model())
    assert {code.co_name for code in reachable.codes()} >= {
        *("forward", "helper", "wrapper", "deeper", "work", "inner", "outer"),
    }
    assert "unreached" not in {code.co_name for code in reachable.codes()}
    assert {cls.__name__ for cls in reachable.classes} == {"Model", "Tool"}
    assert {name for name, _ in reachable.globals.values()} == {__name__}
    assert {"SCALE", "deeper", "work"} <= reachable.names()


@pytest.mark.parametrize("module", ["torch.nn", "numpy", "json", "torchdraft.rules", "sympy"])
def test_libraries_are_not_followed(module):
    assert not is_followed(module)


@pytest.mark.parametrize("module", ["transformers.models", "app", "torch_geometric", None])
def test_code_of_a_model_is_followed(module):
    assert is_followed(module)
