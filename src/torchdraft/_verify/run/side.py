"""Runs one side (the model or the program) on copies of its state and of the inputs."""

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
from torchdraft._torch.script_objects import private_objects
from torchdraft._verify.inputs.call import Call
from torchdraft._verify.inputs.copies import copied_inputs, copied_tables

from .limit import TookTooLong, within

_TABLES = ("_parameters", "_buffers")
LEAST = 10.0
TIMES_LONGER = 30
"""A run may take `TIMES_LONGER` times as long as the shortest successful run, but at least `LEAST` seconds."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The effects of one call."""

    result: Any
    inputs: Any
    """The arguments after the call."""
    state: dict[str, torch.Tensor]
    """Parameters and buffers after the call, by name."""
    drawn: tuple[Any, ...]
    """The states of the random generators after the call."""
    error: Exception | None = None


class Side:
    """A module whose every run starts from the same state."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        values = [value for each in module.modules() for value in vars(each).values()]
        self.generators = [value for value in values if isinstance(value, torch.Generator)]
        self.drawn_so_far = self._generator_states()
        self.longest = threading.TIMEOUT_MAX

    @contextmanager
    def private_state(self) -> Iterator[None]:
        """Inside the block, parameters, buffers, TorchBind objects and the constants of a graph are copies with the
        same aliasing.
        """
        untouched = self.drawn_so_far
        with (
            self._private_tables(),
            private_objects(self.module),
            self._scripted_restored(),
            applied(VERIFY, module=self.module),
        ):
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
        is_graph = isinstance(self.module, torch.fx.GraphModule)
        constants = [vars(each) for each in self.module.modules()] if is_graph else []
        own_constants = [{n: v for n, v in each.items() if isinstance(v, torch.Tensor)} for each in constants]
        copies = copied_tables([*own, *own_constants])  # together: they may share memory
        for table, copied in zip((*tables, *constants), copies, strict=True):
            table.update(copied)
        try:
            yield
        finally:
            for table, content in zip(tables, own, strict=True):
                table.clear()
                table.update(content)
            for attributes, content in zip(constants, own_constants, strict=True):
                attributes.update(content)

    @contextmanager
    def _scripted_restored(self) -> Iterator[None]:
        """Restores the tensors of scripted modules, which are stored in C++ and cannot be replaced from Python."""
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
        """The current parameters and buffers. Copies if there are scripted modules, which are restored in place."""
        state = state_of(self.module)
        return {name: tensor.detach().clone() for name, tensor in state.items()} if self._scripted() else state

    def _generator_states(self) -> list[torch.Tensor]:
        return [generator.get_state() for generator in self.generators]

    def _set_generators(self) -> None:
        """Restores the states of the module's generators that this side left. Both sides may share the generators."""
        for generator, state in zip(self.generators, self.drawn_so_far, strict=True):
            generator.set_state(state)

    def run(self, call: Call, turn: int = 0) -> RunResult:
        """Calls the module under the random state of the call. `turn` counts repeated calls."""
        args, kwargs = copied_inputs(call.inputs)
        seed_everything(call.seed + turn)
        self._set_generators()
        began = time.monotonic()
        try:
            with within(self.longest):
                # Not `self.module(…)`: the wrapper of a graph module prints the failing line and drops the traceback.
                result, error = iterators_materialized(torch.nn.Module.__call__(self.module, *args, **kwargs)), None
        except (Exception, TookTooLong) as raised:
            result, error = None, raised if isinstance(raised, Exception) else TimeoutError(str(raised))
        else:
            self.longest = min(self.longest, max(LEAST, TIMES_LONGER * (time.monotonic() - began)))
        self.drawn_so_far = self._generator_states()
        return RunResult(result, (args, kwargs), self._state(), random_states(), error)


def state_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name. A shared tensor appears under each of its names."""
    named = dict(module.named_parameters(remove_duplicate=False))
    return {**named, **dict(module.named_buffers(remove_duplicate=False))}


def seed_everything(seed: int) -> None:
    """Seeds the generators of torch, Python and NumPy."""
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also queues calls for devices that are not in use
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % 2**32)


def random_states() -> tuple[Any, ...]:
    """The states of the random generators, in a form that can be compared."""
    numpy = sys.modules.get("numpy")
    states = [torch.get_rng_state(), *(torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else ())]
    kind, keys, *rest = numpy.random.get_state() if numpy else ("", b"")
    return tuple(bytes(s.numpy()) for s in states), random.getstate(), (kind, bytes(keys), *rest)
