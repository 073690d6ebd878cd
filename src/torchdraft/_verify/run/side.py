"""One of the two sides, called on private copies of its state and of the inputs."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from torchdraft._draft.prepare.outputs import iterators_materialized
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import VERIFY
from torchdraft._verify.inputs.call import Call
from torchdraft._verify.inputs.copies import _copies, copied_inputs

from .limit import TookTooLong, within

_TABLES = ("_parameters", "_buffers")
LEAST = 10.0
TIMES_LONGER = 30
"""A run may take so many times longer than the shortest one that came through, and in any case `LEAST` seconds."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one call left."""

    result: Any
    inputs: Any
    """The arguments after the call."""
    state: dict[str, torch.Tensor]
    """Parameters and buffers after the call, by name."""
    drawn: tuple[Any, ...]
    """The random states after the call."""
    error: Exception | None = None


class Side:
    """A module that is called as if for the first time, and left as it was."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        held = [value for each in module.modules() for value in vars(each).values()]
        self.generators = [value for value in held if isinstance(value, torch.Generator)]
        self.drawn_so_far = self._generator_states()
        self.longest = threading.TIMEOUT_MAX

    @contextmanager
    def private_state(self) -> Iterator[None]:
        """Inside, the module's parameters and buffers are copies; sharing among them is kept."""
        untouched = self.drawn_so_far
        with self._private_tables(), self._scripted_put_back(), applied(VERIFY, module=self.module):
            try:
                yield
            finally:
                self.drawn_so_far = untouched
                self._set_generators()

    @contextmanager
    def _private_tables(self) -> Iterator[None]:
        tables = [
            module.__dict__[table]
            for module in self.module.modules()
            if not isinstance(module, torch.jit.ScriptModule)
            for table in _TABLES
        ]
        own = [dict(table) for table in tables]
        for table, copied in zip(tables, _copies(own), strict=True):
            table.update(copied)
        try:
            yield
        finally:
            for table, content in zip(tables, own, strict=True):
                table.clear()
                table.update(content)

    @contextmanager
    def _scripted_put_back(self) -> Iterator[None]:
        """The tables of scripted modules live in C++, out of Python's reach: what is written there is put back."""
        tensors = [each for module in self._scripted() for each in (*module.parameters(), *module.buffers())]
        own = [tensor.detach().clone() for tensor in tensors]
        try:
            yield
        finally:
            for tensor, value in zip(tensors, own, strict=True):
                if not torch.equal(tensor.detach(), value):
                    tensor.detach().copy_(value)

    def _scripted(self) -> list[torch.nn.Module]:
        return [module for module in self.module.modules() if isinstance(module, torch.jit.ScriptModule)]

    def _state(self) -> dict[str, torch.Tensor]:
        """Parameters and buffers as they are now; what will be put back in place is copied."""
        state = state_of(self.module)
        return {name: tensor.detach().clone() for name, tensor in state.items()} if self._scripted() else state

    def _generator_states(self) -> list[torch.Tensor]:
        return [generator.get_state() for generator in self.generators]

    def _set_generators(self) -> None:
        """The generators that the module holds, which both sides may share, as this side left them."""
        for generator, state in zip(self.generators, self.drawn_so_far, strict=True):
            generator.set_state(state)

    def run(self, call: Call, turn: int = 0) -> Ran:
        """What the module makes of the call under its random state."""
        args, kwargs = copied_inputs(call.inputs)
        seed_everything(call.seed + turn)
        self._set_generators()
        began = time.monotonic()
        try:
            with within(self.longest):
                # Past what a graph module wraps its own calls in: that prints a failing line and drops the traceback.
                result, error = iterators_materialized(torch.nn.Module.__call__(self.module, *args, **kwargs)), None
        except (Exception, TookTooLong) as raised:
            result, error = None, raised if isinstance(raised, Exception) else TimeoutError(str(raised))
        else:
            self.longest = min(self.longest, max(LEAST, TIMES_LONGER * (time.monotonic() - began)))
        self.drawn_so_far = self._generator_states()
        return Ran(result, (args, kwargs), self._state(), random_states(), error)


def state_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name, each under every name it has."""
    named = dict(module.named_parameters(remove_duplicate=False))
    return {**named, **dict(module.named_buffers(remove_duplicate=False))}


def seed_everything(seed: int) -> None:
    """The random states of torch, Python and NumPy as both sides find them."""
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also queues calls for devices nobody uses
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


def random_states() -> tuple[Any, ...]:
    """How far the random generators have come, in a form that compares."""
    numpy = sys.modules.get("numpy")
    states = [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else ())]
    kind, keys, *rest = numpy.random.get_state() if numpy else ("", b"")
    return tuple(bytes(s.numpy()) for s in states), random.getstate(), (kind, bytes(keys), *rest)
