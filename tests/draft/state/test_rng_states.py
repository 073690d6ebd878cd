"""States of random generators: those that moved are found, and all are restored."""

from __future__ import annotations

import random

import numpy
import pytest
import torch

from torchdraft._draft.state.rng_states import GeneratorStates, RngStates, is_generator, set_state, state_of

GENERATORS = [random.Random(1), numpy.random.default_rng(1), numpy.random.RandomState(1)]


def draw(generator):
    return generator.random() if hasattr(generator, "random") else generator.random_sample()


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: type(generator).__name__)
def test_a_state_is_a_copy_that_can_be_set(generator):
    assert is_generator(generator)
    state = state_of(generator)
    first = draw(generator)
    set_state(generator, state)
    assert draw(generator) == first


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: type(generator).__name__)
def test_a_generator_that_moved_is_named(generator):
    states = GeneratorStates({"model.dice": generator})
    assert (states.moved(), states.moved_named()) == ([], [])
    draw(generator)
    assert (states.moved(), states.moved_named()) == ([], ["model.dice"])


@pytest.mark.parametrize(("module", "name"), [(random, "random"), (numpy.random, "numpy.random")])
def test_the_generator_of_a_module_that_moved_is_named(module, name):
    states = GeneratorStates({})
    module.random()
    assert states.moved() == [name]


def test_every_generator_is_restored():
    own = torch.Generator()
    states = RngStates([own], GENERATORS)

    def numbers():
        drawn = [torch.rand(1).item(), torch.rand(1, generator=own).item(), random.random(), numpy.random.rand()]
        return [*drawn, *map(draw, GENERATORS)]

    first = numbers()
    states.restore()
    assert numbers() == first
    states.restore()
    states.restore()
    assert numbers() == first
    assert states.torch_generators() == [own]
