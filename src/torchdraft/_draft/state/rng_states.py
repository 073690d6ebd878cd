"""States of random generators: those of the process, and those that the model holds."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import numpy
import torch


class RngStates:
    """The states of every generator that a draft may move."""

    def __init__(self, torch_generators: Iterable[torch.Generator], others: Iterable[Any]) -> None:
        """`others` are generators of Python and NumPy. Those of the process are always included."""
        self._torch = torch.random.get_rng_state()
        self._python = random.getstate()
        self._numpy: Any = numpy.random.get_state()
        cuda = torch.cuda.is_available() and torch.cuda.is_initialized()
        self._cuda = torch.cuda.get_rng_state_all() if cuda else []
        self._torch_generators = [(generator, generator.get_state()) for generator in torch_generators]
        self._others = [(generator, state_of(generator)) for generator in others]

    def restore(self) -> None:
        """Sets every generator back."""
        torch.random.set_rng_state(self._torch)
        random.setstate(self._python)
        if self._cuda:
            torch.cuda.set_rng_state_all(self._cuda)
        numpy.random.set_state(self._numpy)
        for generator, state in self._torch_generators:
            generator.set_state(state)
        for generator, state in self._others:
            set_state(generator, state)

    def torch_generators(self) -> list[torch.Generator]:
        """Those of torch that the model, its inputs and its code hold."""
        return [generator for generator, _ in self._torch_generators]


class GeneratorStates:
    """The states of Python's and NumPy's generators at one moment, to find those that moved."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        """`named`: generators by name, besides those of the process."""
        self._python = random.getstate()
        self._numpy: Any = numpy.random.get_state()
        self._named = {name: (generator, state_of(generator)) for name, generator in named.items()}

    def moved(self) -> list[str]:
        """The modules whose generator of the process moved."""
        found = ["random"] if random.getstate() != self._python else []
        now: Any = numpy.random.get_state()
        if now[2] != self._numpy[2] or (now[1] != self._numpy[1]).any():
            found.append("numpy.random")
        return found

    def moved_named(self) -> list[str]:
        """The names of the others that moved."""
        return [name for name, (generator, state) in self._named.items() if str(state_of(generator)) != str(state)]


_GENERATORS = (random.Random, numpy.random.Generator, numpy.random.RandomState)


def is_generator(value: Any) -> bool:
    """Whether a value is a random generator of Python or NumPy."""
    return isinstance(value, _GENERATORS)


def state_of(generator: Any) -> Any:
    """A copy of a generator's state."""
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.bit_generator.state if hasattr(generator, "bit_generator") else generator.get_state(legacy=False)


def set_state(generator: Any, state: Any) -> None:
    """Sets a generator to a state."""
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)
