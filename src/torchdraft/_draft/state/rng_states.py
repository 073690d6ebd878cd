"""States of the random generators of Python and NumPy."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy

if TYPE_CHECKING:
    pass


class RandomStates:
    """Whether Python's or NumPy's random state moved, by whatever way, or that of a generator the model holds."""

    def __init__(self, held: dict[str, Any] | None = None) -> None:
        self.python = random.getstate()
        self.numpy: Any = numpy.random.get_state()
        self.held = {name: (generator, state_of(generator)) for name, generator in (held or {}).items()}

    def moved(self) -> list[str]:
        """The generators whose state is another one now."""
        found = ["random"] if random.getstate() != self.python else []
        now: Any = numpy.random.get_state()
        if now[2] != self.numpy[2] or (now[1] != self.numpy[1]).any():
            found.append("numpy.random")
        return found

    def moved_of_held(self) -> list[str]:
        """The names of those the model holds."""
        return [name for name, (generator, state) in self.held.items() if str(state_of(generator)) != str(state)]


_GENERATORS = (random.Random, numpy.random.Generator, numpy.random.RandomState)


def is_generator(value: Any) -> bool:
    """Whether a value is a random generator of Python's or NumPy's."""
    return isinstance(value, _GENERATORS)


def state_of(generator: Any) -> Any:
    """A generator's state, a copy."""
    if isinstance(generator, random.Random):
        return generator.getstate()
    return generator.bit_generator.state if hasattr(generator, "bit_generator") else generator.get_state(legacy=False)


def put_state(generator: Any, state: Any) -> None:
    """Sets a generator back."""
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)
