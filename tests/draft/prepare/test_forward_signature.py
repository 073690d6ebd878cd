"""Models whose `forward` is another function than its signature says."""

from __future__ import annotations

import copy
import functools

import pytest
import torch
from torch.export import Dim

import torchdraft

X = torch.randn(3, 4)


def replaced_by_partial() -> torch.nn.Module:
    model = torch.nn.Linear(4, 2)
    own = model.forward

    def hooked(module, *args, **kwargs):
        return own(*args, **kwargs) + module.bias

    model.forward = functools.update_wrapper(functools.partial(hooked, model), hooked)
    return model


def other(first, second, third):
    """Has nothing to do with the model."""


class Wrapped(torch.nn.Module):
    @functools.wraps(other)
    def forward(self, *args, **kwargs):
        return kwargs["input"] * 2 if kwargs else args[0] * 2


class Declared(torch.nn.Module):
    def forward(self, *args, **kwargs):
        return kwargs["input"] * 2 if kwargs else args[0] * 2

    forward.__signature__ = __import__("inspect").signature(other)  # type: ignore[attr-defined]


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize("make", [replaced_by_partial, Wrapped, Declared])
def test_the_call_decides_what_the_inputs_are(make, by_name):
    model = make()
    before = dict(model.__dict__)
    args, kwargs = ((), {"input": X}) if by_name else ((X,), {})
    shapes = {"input": {0: Dim.DYNAMIC}} if by_name else ({0: Dim.DYNAMIC},)
    program = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=shapes)
    assert program._report.rung == "symbolic"
    assert [d.got for d in program._report.dimensions] == ["dynamic"]
    larger = torch.randn(7, 4)
    call = ((), {"input": larger}) if by_name else ((larger,), {})
    assert torch.equal(program.module()(*call[0], **call[1]), model(*call[0], **call[1]))
    assert model.__dict__ == before


def test_a_copy_calls_its_own_forward():
    class Counts(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        @functools.wraps(other)
        def forward(self, *args):
            self.calls += 1
            return args[0] * self.calls

    model = Counts()
    torchdraft.draft_export(model, (X,), check_on_example=True)
    assert model.calls == 0
    assert copy.deepcopy(model).calls == 0


def test_arguments_that_the_model_refuses_are_refused_by_the_model():
    with pytest.raises(TypeError, match="forward"):
        torchdraft.draft_export(torch.nn.Linear(4, 2), (X, X))
