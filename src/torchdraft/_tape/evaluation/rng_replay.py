"""Random ops on the tape draw the numbers that eager would draw, and the global random state is not changed.

The values of a random op depend on how many numbers the ops before it drew. To advance the state, those ops run once on
zeros of the same shapes; their inputs are not needed. The state before each op is stored, so each is advanced once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._tape.tape import TensorShape
from torchdraft._torch.symbolic.shapes import SYMBOLIC

from .symbol_values import SymbolValues


class RngReplay:
    """The random states that the traced program would have before each of its random ops."""

    def __init__(self) -> None:
        self.generators: dict[int, tuple[torch.Generator, torch.Generator]] = {}
        self.known: dict[int, torch.Generator] = {}
        """The user's generators by their seed during the trace. The tracer passes copies with the same seed."""
        self.states: list[dict[Any, torch.Tensor]] = [_snapshot()]

    def hold(self, generators: Iterable[torch.Generator]) -> None:
        """Stores the current states of the user's generators, which the trace changes."""
        for generator in generators:
            self.states[0][id(generator)] = self.private_generator(generator).get_state()

    @contextmanager
    def as_of(self, draw: int | None, draws: list[tuple[Any, Any]], symbols: SymbolValues) -> Iterator[None]:
        """Sets the state before the random op number `draw`, and restores the state of the caller at the end."""
        if draw is None:
            yield
            return
        own = _snapshot()
        try:
            while len(self.states) <= draw:
                self._skip(draws[len(self.states) - 1], symbols)
            self._set(self.states[draw])
            yield
            if len(self.states) == draw + 1:
                self.states.append(self._state())
        finally:
            _restore(own)

    def _skip(self, drawn: tuple[Any, Any], symbols: SymbolValues) -> None:
        """Advances the state past an op without computing its inputs."""
        func, (args, kwargs) = drawn
        self._set(self.states[-1])
        # If the op fails on zeros, the state is not advanced. Later draws differ from eager and are asserted anyway.
        with contextlib.suppress(Exception):
            func(*self._blank(args, symbols), **self._blank(kwargs, symbols))
        self.states.append(self._state())

    def _state(self) -> dict[Any, torch.Tensor]:
        """The global states, and those of the private generators."""
        return {**_snapshot(), **{key: made.get_state() for key, (_, made) in self.generators.items()}}

    def _set(self, states: dict[Any, torch.Tensor]) -> None:
        _restore({name: state for name, state in states.items() if isinstance(name, str)})
        for key, (own, made) in self.generators.items():
            made.set_state(states[key] if key in states else own.get_state())

    def private_generator(self, generator: torch.Generator) -> torch.Generator:
        """A private generator that continues from the state of the user's generator."""
        generator = self.known.get(generator.initial_seed(), generator)
        if id(generator) not in self.generators:
            made = torch.Generator(device=generator.device)
            made.set_state(generator.get_state())
            self.generators[id(generator)] = (generator, made)
        return self.generators[id(generator)][1]

    def _blank(self, value: Any, symbols: SymbolValues) -> Any:
        """The arguments of a random op with zeros for each tensor shape, so that it draws as many numbers."""
        if isinstance(value, TensorShape):
            shape = [symbols.concrete(s) if isinstance(s, SYMBOLIC) else s for s in value.shape]
            return torch.zeros(shape, dtype=value.dtype, device=value.device)
        if isinstance(value, torch.Generator):
            return self.private_generator(value)
        if isinstance(value, SYMBOLIC):
            return symbols.concrete(value)
        if isinstance(value, (list, tuple)):
            return type(value)([self._blank(v, symbols) for v in value])
        if isinstance(value, dict):
            return {k: self._blank(v, symbols) for k, v in value.items()}
        return value

    def surrogate(self, weight: torch.Tensor, seed: int) -> torch.Tensor:
        """A surrogate for a weight without data: normal numbers with a standard deviation of 0.02, or zeros for
        integers.
        """
        device = weight.device if weight.device.type != "meta" else torch.device("cpu")
        if not weight.dtype.is_floating_point:
            return torch.zeros(tuple(weight.shape), dtype=weight.dtype, device=device)
        generator = torch.Generator(device=device).manual_seed(seed)
        return torch.empty(tuple(weight.shape), dtype=weight.dtype, device=device).normal_(0, 0.02, generator=generator)


def _snapshot() -> dict[str, torch.Tensor]:
    states = {"cpu": torch.random.get_rng_state()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        for index in range(torch.cuda.device_count()):
            states[f"cuda:{index}"] = torch.cuda.get_rng_state(index)
    return states


def _restore(states: dict[str, torch.Tensor]) -> None:
    for device, state in states.items():
        if device == "cpu":
            torch.random.set_rng_state(state)
        else:
            torch.cuda.set_rng_state(state, device)
