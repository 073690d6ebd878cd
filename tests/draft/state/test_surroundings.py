"""The state around a model: changes are found by name, and restored exactly, however often."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch

from torchdraft._draft.state.surroundings import Surroundings

TABLE: dict = {}
COUNT = 0
UNNAMED: list = []
LAYER = torch.nn.Linear(2, 2)


class Registry:
    entries: list = []  # noqa: RUF012

    def __init__(self):
        self.last = 0


REGISTRY = Registry()


class Slotted:
    __slots__ = ("count", "unset")

    def __init__(self):
        self.count = 0


@dataclass(slots=True)
class Sized:
    size: int = 0


class Deep:
    def __init__(self):
        self.inner = {"parts": [SimpleNamespace(deep=0), Sized()]}


SLOTTED, DEEP = Slotted(), Deep()


def closure():
    total = 0

    def add(x):
        nonlocal total
        total += 1
        return x

    return add


ADD = closure()


class Model(torch.nn.Module):
    def forward(self, x, cache=[]):  # noqa: B006
        global COUNT
        COUNT += 1
        cache.append(x)
        TABLE["x"] = x
        Registry.entries.append(x)
        REGISTRY.last = x
        SLOTTED.count += 1
        SLOTTED.unset = x
        DEEP.inner["parts"][0].deep += 1
        DEEP.inner["parts"][1].size = 1
        return LAYER(ADD(x))


def run(name):
    """Changes the state of one name as `forward` does."""
    global COUNT
    x = torch.ones(1)
    if name == "COUNT":
        COUNT += 1
    elif name == "cache":
        Model.forward.__defaults__[0].append(x)
    elif name == "TABLE":
        TABLE["x"] = x
    elif name == "entries":
        Registry.entries.append(x)
    elif name == "last":
        REGISTRY.last = x
    elif name == "total":
        ADD(x)
    elif name == "count":
        SLOTTED.count += 1
    elif name == "unset":
        SLOTTED.unset = x
    elif name == "deep":
        DEEP.inner["parts"][0].deep += 1
    elif name == "size":
        DEEP.inner["parts"][1].size = 1


def state():
    cells = [cell.cell_contents for cell in ADD.__closure__]
    objects = [SLOTTED.count, getattr(SLOTTED, "unset", None), *DEEP.inner["parts"]]
    return str([COUNT, Model.forward.__defaults__, TABLE, Registry.entries, REGISTRY.last, cells, objects])


NAMES = ["COUNT", "cache", "TABLE", "entries", "last", "total", "count", "unset", "deep", "size"]


@pytest.mark.parametrize("name", NAMES)
def test_a_change_is_named_with_its_line_and_restored(name):
    before, surroundings = state(), Surroundings(Model())
    assert list(surroundings.changed()) == []
    run(name)
    assert state() != before
    (changed,) = surroundings.changed()
    assert changed.name.rpartition(".")[2] == name
    assert len(surroundings.where_written(changed)) == 1
    for _ in range(2):
        surroundings.restore()
        assert state() == before
    assert list(surroundings.changed()) == []


def test_numbers_in_a_container_that_the_code_does_not_name_are_left_alone():
    surroundings = Surroundings(Model())
    UNNAMED.append(1)
    assert list(surroundings.changed()) == []
    surroundings.restore()
    assert UNNAMED == [1]
    UNNAMED.append(torch.ones(1))
    (changed,) = surroundings.changed()
    assert changed.name.endswith("UNNAMED")
    surroundings.restore()
    assert UNNAMED == []


def test_only_plain_values_can_be_left_for_a_second_trace():
    surroundings = Surroundings(Model())
    run("COUNT")
    run("TABLE")
    changed = {change.name.rpartition(".")[2]: change for change in surroundings.changed()}
    surroundings.restore()
    assert changed["TABLE"].residual is None
    assert changed["TABLE"].only_added
    left = changed["COUNT"].residual
    assert left.same_as(left)
    assert not left.same_as(None)
    left.put()
    assert COUNT == 1
    surroundings.restore()
    assert COUNT == 0


def test_hidden_modules_and_their_tensors_are_found():
    surroundings = Surroundings(Model())
    assert [name.rpartition(".")[2] for name in surroundings.hidden] == ["LAYER"]
    assert {tensor.name.partition("LAYER.")[2] for tensor in surroundings.tensors} == {"weight", "bias"}
