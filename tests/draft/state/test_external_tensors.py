"""Tensors outside the model that `forward` writes to: restored by the draft, and reported."""

from __future__ import annotations

import types

import pytest
import torch

import torchdraft
from tests.wrappers import Pair

COUNTS = torch.zeros(2)
TABLE = {"seen": [torch.zeros(2)]}
LAYER = torch.nn.Linear(2, 2)
NORM = torch.nn.BatchNorm1d(2)
HELD = types.SimpleNamespace(total=torch.zeros(2))
WRAPPER = Pair(torch.zeros(2), torch.ones(2))
X = torch.tensor([[1.0, 2.0], [3.0, -4.0], [0.5, 0.0]])


class Counts(torch.nn.Module):
    def forward(self, x):
        COUNTS.add_(1)
        return x + COUNTS


class WrapperCounts(torch.nn.Module):
    def forward(self, x):
        WRAPPER.left.add_(1)
        return x * 2


class InATable(torch.nn.Module):
    def forward(self, x):
        TABLE["seen"][0] += x.sum(0)
        return x * 2


class OnAnObject(torch.nn.Module):
    def forward(self, x):
        HELD.total.copy_(x.sum(0))
        return x + HELD.total


class Updates(torch.nn.Module):
    """A layer that is no submodule, trained on the way."""

    def forward(self, x):
        with torch.no_grad():
            LAYER.weight.add_(1)
        return LAYER(x)


class Normalizes(torch.nn.Module):
    def forward(self, x):
        return NORM(x)


class Read(torch.nn.Module):
    """Recorded, because Python looks at the numbers."""

    def forward(self, x):
        COUNTS.add_(1)
        return x + float(COUNTS.numpy().sum())


class GetsOtherMemory(torch.nn.Module):
    def forward(self, x):
        LAYER.weight.data = LAYER.weight.data * 2
        return LAYER(x)


class GetsAnotherParameter(torch.nn.Module):
    def forward(self, x):
        LAYER.weight = torch.nn.Parameter(LAYER.weight * 2)
        return LAYER(x)


def in_closure() -> torch.nn.Module:
    layer = torch.nn.Linear(2, 2)

    class Model(torch.nn.Module):
        def forward(self, x):
            layer.bias.data += 1
            return layer(x)

    model = Model()
    model.tensors = lambda: [layer.bias, layer.weight]
    return model


def tensors(model: torch.nn.Module) -> list[torch.Tensor]:
    own = getattr(model, "tensors", list)()
    modules = [*LAYER.parameters(), *NORM.parameters(), *NORM.buffers()]
    return [COUNTS, TABLE["seen"][0], HELD.total, WRAPPER.left, *modules, *own]


@pytest.mark.parametrize(
    "make",
    [
        Counts,
        WrapperCounts,
        InATable,
        OnAnObject,
        Updates,
        Normalizes,
        Read,
        GetsOtherMemory,
        GetsAnotherParameter,
        in_closure,
    ],
)
def test_external_tensors_are_restored_and_reported(make):
    model = make()
    before = tensors(model)
    places = [(tensor.data_ptr(), tensor.device) for tensor in before]
    contents = [tensor.detach().clone() for tensor in before]
    program = torchdraft.draft_export(model, (X,), dynamic_shapes={"x": {0: torch.export.Dim.AUTO}})
    after = tensors(model)
    assert all(now is then for now, then in zip(after, before, strict=True))
    assert [(tensor.data_ptr(), tensor.device) for tensor in after] == places
    assert all(torch.equal(now, then) for now, then in zip(after, contents, strict=True))
    found = {issue.code for issue in program._report.issues}
    assert "TD403" in found, str(program._report)
    assert "TD904" not in found, str(program._report)
