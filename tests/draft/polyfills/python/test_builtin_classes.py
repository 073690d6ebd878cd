"""`isinstance` and `type` give the model's code the eager results for fake tensors and symbolic numbers."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft
from torchdraft._draft.polyfills.python.builtin_classes import Type

SCALES: dict[type, float] = {torch.Tensor: 2.0, torch.nn.Parameter: 3.0}


def pair(size):
    return (size, size) if isinstance(size, int) else tuple(size)


def pair_by_type(size):
    return (size, size) if type(size) is int else tuple(size)


class Repeats(torch.nn.Module):
    def __init__(self, of):
        super().__init__()
        self.of = of

    def forward(self, x):
        return x.repeat(self.of(x.shape[0]))


class Halves(torch.nn.Module):
    """A size that became a float, which is a number as well."""

    def forward(self, x):
        half = x.shape[0] / 2
        assert isinstance(half, (complex, float))
        assert not isinstance(half, int)
        assert type(half) is float
        return x * half


class Dispatches(torch.nn.Module):
    """Looks up what to do with tensors of this class, as libraries for several frameworks do."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * SCALES[type(x)] + self.weight * SCALES[type(self.weight)]


@pytest.mark.parametrize("model", [Repeats(pair), Repeats(pair_by_type), Halves(), Dispatches()], ids=repr)
def test_the_trace_takes_the_branch_that_eager_takes(model):
    program = torchdraft.draft_export(model, (torch.ones(2, 3),), dynamic_shapes=({0: Dim.DYNAMIC},))
    assert (program._report.rung, program._report.issues) == ("symbolic", ())
    for size in (2, 5):
        x = torch.randn(size, 3)
        assert torch.equal(program.module()(x), model(x))


class Branches(torch.nn.Module):
    """Too large to be checked on the example: nothing but the branch itself makes it right."""

    def forward(self, x):
        return x * 2 if type(x) is torch.Tensor else x * 3


def test_no_check_is_needed():
    x = torch.ones(3)
    assert torch.equal(torchdraft.draft_export(Branches(), (x,), check_on_example=False).module()(x), x * 2)


class Read(torch.nn.Module):
    def forward(self, x):
        count = (x > 0).sum().item()
        assert isinstance(count, int)
        return x * count if isinstance(count > 1, bool) else x


def test_numbers_read_from_tensors_are_numbers():
    program = torchdraft.draft_export(Read(), (torch.ones(3),))
    assert program._report.rung == "symbolic"
    assert program.module()(torch.tensor([1.0, -1.0, 1.0])).tolist() == [2.0, -2.0, 2.0]


class Fails(torch.nn.Module):
    def forward(self, x):
        made = type("Made", (), {"factor": 2})
        assert isinstance(made, type)
        raise ValueError(type(made()).__name__)


@pytest.mark.parametrize("model", [Fails(), Branches()], ids=repr)
def test_the_names_are_pythons_own_again(model):
    with contextlib.suppress(ValueError):
        torchdraft.draft_export(model, (torch.ones(3),))
    assert not {"isinstance", "type"} & globals().keys()


def test_a_name_of_the_modules_own_stays(monkeypatch):
    monkeypatch.setitem(globals(), "type", lambda _: torch.Tensor)
    x = torch.ones(3)
    program = torchdraft.draft_export(Branches(), (x,))
    assert torch.equal(program.module()(x), x * 2)
    assert "type" in globals()


def test_the_replacement_behaves_as_type():
    class Meta(Type):
        """A metaclass, made of it as of Python's."""

        def __new__(cls, name: str, bases: tuple[type, ...], content: dict[str, Any]) -> Any:
            return super().__new__(cls, name, bases, {**content, "made": True})

    class Made(metaclass=Meta):
        """Made by it."""

    assert Made.made  # type: ignore[attr-defined]
    assert isinstance(Made, Meta)
    assert isinstance(Made(), Made)
    assert isinstance(int, Type)
    assert not isinstance(3, Type)
    assert issubclass(Meta, Type)
    assert issubclass(type, Type)
    assert Type("Name", (int,), {})(3) == 3
    assert Type(3) is int
    assert Type(int) is type
    assert Type == type  # noqa: E721
    assert {type: 1}[Type] == 1
    assert Type[int] == type[int]
