"""Snapshots: everything that a draft may change is restored, however often."""

from __future__ import annotations

import random

import numpy as np
import torch

from torchdraft._draft.state.snapshot import Snapshot

DICE = random.Random(1)
GENERATOR = torch.Generator()
LAYER = torch.nn.Linear(2, 2)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(2))
        self.rng = np.random.default_rng(1)
        self.layers = torch.nn.ModuleList([torch.nn.Linear(2, 2)])

    def forward(self, x):
        return LAYER(x) + DICE.random() + torch.rand(2, generator=GENERATOR)

    def helper(self):
        return self.register_forward_hook


def test_generators_are_found_in_the_model_in_its_code_and_in_its_inputs():
    own = torch.Generator()
    snapshot = Snapshot(Model(), ((torch.ones(2), own), {}))
    assert {name.rpartition(".")[2] for name in snapshot.random_generators} == {"rng", "DICE"}
    assert {id(generator) for generator in snapshot.rng.torch_generators()} == {id(own), id(GENERATOR)}


def test_everything_is_restored():
    model = Model()
    snapshot = Snapshot(model)

    def state():
        drawn = [DICE.random(), random.random(), model.rng.random(), torch.rand(1, generator=GENERATOR).item()]
        return [str(model.state_dict()), str(LAYER.state_dict()), torch.is_grad_enabled(), drawn]

    before = state()
    for _ in range(2):
        model.total = model.total + 1
        LAYER.weight = torch.nn.Parameter(torch.ones(2, 2))
        with torch.no_grad():
            LAYER.bias.add_(1)
        torch.set_grad_enabled(False)
        assert state() != before
        snapshot.restore()
        snapshot.restore()
        assert state() == before
        snapshot.restore()


def test_code_is_found_by_the_names_that_it_uses():
    snapshot = Snapshot(Model())
    assert [code.co_name for code in snapshot.codes_naming(("register_forward_hook",))] == ["helper"]
    assert "__init__" not in {code.co_name for code in snapshot.codes_naming(("register_buffer", "layers"))}
