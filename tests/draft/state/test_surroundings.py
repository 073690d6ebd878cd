"""The state around a model: changes are found by name, and restored exactly, however often."""

from __future__ import annotations

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


def state():
    cells = [cell.cell_contents for cell in ADD.__closure__]
    return str([COUNT, Model.forward.__defaults__, TABLE, Registry.entries, REGISTRY.last, cells])


NAMES = ["COUNT", "cache", "TABLE", "entries", "last", "total"]


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
