"""The state of modules: changes are found by name, and restored exactly, however often."""

from __future__ import annotations

import pytest
import torch

from torchdraft._draft.state.module_states import MISSING, ModuleStates


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
        self.norm = torch.nn.BatchNorm1d(2)
        self.seen = [1, {"a": 2}]
        self.count = 0


def swap_a_parameter(model):
    model.layer.weight = torch.nn.Parameter(torch.ones(2, 2))


def drop_a_buffer(model):
    del model.norm.running_mean


def add_an_attribute(model):
    model.layer.extra = 3


def drop_an_attribute(model):
    del model.count


def fill_an_inner_container(model):
    model.seen[1]["a"] = 3


def replace_a_container(model):
    model.seen = [5]


def register_a_hook(model):
    model.layer.register_forward_hook(print)


CHANGES = {
    swap_a_parameter: [],
    drop_a_buffer: [],
    add_an_attribute: [("layer.extra", MISSING)],
    drop_an_attribute: [],
    fill_an_inner_container: [("seen", None)],
    replace_a_container: [("seen", None)],
    register_a_hook: [],
}


def everything(model):
    return [
        (name, key, id(value), str(value))
        for name, module in model.named_modules()
        for table in (vars(module), *(v for v in vars(module).values() if type(v) is dict))
        for key, value in sorted(table.items())
    ]


@pytest.mark.parametrize("change", CHANGES)
def test_restoring_twice_is_restoring_once(change):
    model = Model()
    before = everything(model)
    states = ModuleStates.of(model)
    change(model)
    assert everything(model) != before
    states.restore()
    assert everything(model) == before
    states.restore()
    assert everything(model) == before


@pytest.mark.parametrize("change", CHANGES)
def test_changed_attributes_are_named(change):
    model = Model()
    states = ModuleStates.of(model)
    assert states.changed_attributes() == []
    change(model)
    found = [(name, before if before is MISSING else None) for name, before, _ in states.changed_attributes()]
    assert found == CHANGES[change]


def test_changed_hooks_are_named():
    model = Model()
    states = ModuleStates.of(model)
    assert states.changed_hooks() == []
    register_a_hook(model)
    ((name, before, after),) = states.changed_hooks()
    assert name == "layer"
    assert [len(tables["_forward_hooks"]) for tables in (before, after)] == [0, 1]


def test_replaced_values_of_other_modules_are_named_with_a_label():
    model = Model()
    states = ModuleStates()
    states.add("app.LAYER", model.layer, but=ModuleStates())
    assert states.replaced() == []
    swap_a_parameter(model)
    add_an_attribute(model)
    assert states.replaced() == ["app.LAYER.weight", "app.LAYER.extra"]


def test_modules_that_another_state_has_are_left_out():
    model = Model()
    own, states = ModuleStates.of(model.layer), ModuleStates()
    states.add("app.MODEL", model, but=own)
    assert "app.MODEL" in states.by_name
    assert "app.MODEL.layer" not in states.by_name
