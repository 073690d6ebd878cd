"""Random numbers drawn after a seed that `forward` sets: the same in every call, so they become constants.

A graph cannot seed a generator, so each call of the program would draw other numbers. Tracing draws no numbers, so a
generator moves only where the model sets its state. For the time of `forward`, the generators that existed before get a
state that no model would set. A generator in any other state, and one that did not exist before, was seeded by the
model, and its draws are made for real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from torchdraft._draft.effects.protocol import Forward, WatchedTrace, Watcher
from torchdraft._draft.effects.watchers import watches
from torchdraft._stack.user_stack import here
from torchdraft._tape.op_schema import signature_of
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import in_transform, outside_modes
from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.symbolic.shapes import SYMBOLIC, as_plain
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft.model.events import SeededDraw

_UNUSUAL = 6_148_914_691_236_517_205
"""The first of the seeds that no model sets."""


@dataclass(slots=True)
class KnownGenerator:
    """A generator that existed before the model ran."""

    generator: torch.Generator
    before: torch.Tensor
    """The state that it has in eager."""
    unusual: torch.Tensor
    """The state that it has during `forward`."""


@watches(why="A program cannot seed a generator: its draws would differ from eager's.")
class SeededDraws(Watcher):
    """Knows which generators the model has seeded, and makes their draws."""

    def __init__(self, trace: WatchedTrace) -> None:
        super().__init__(trace)
        self.unanswered = ""
        """A draw after a seed that could not be made a constant, in words; empty if there was none."""
        self._known: dict[int, KnownGenerator] = {}
        """By the seed that they have during `forward`: the tracer passes copies of a generator on."""
        self._watching = False

    def begin(self, changes: Changes, forward: Forward) -> None:
        """Gives every generator a state that no model sets, until `forward` ends."""
        randomness = self.context.reals.randomness
        others = forward.at_draft.rng.torch_generators()
        randomness.hold(others)
        changes.afterwards(self._restore)
        for number, generator in enumerate((*_defaults(), *others)):
            before = generator.get_state()
            known = KnownGenerator(generator, before, unusual=before)
            self._known[_UNUSUAL + number] = known
            generator.manual_seed(_UNUSUAL + number)
            known.unusual = generator.get_state()
        randomness.known = {seed: known.generator for seed, known in self._known.items()}
        self._watching = True

    def _restore(self) -> None:
        self._watching = False
        for known in self._known.values():
            known.generator.set_state(known.before)

    @contextmanager
    def as_eager(self) -> Iterator[None]:
        """A context for a real run of a part of the model: each generator is in the state that it has in eager."""
        moved = [k for k in self._known.values() if self._watching and not self._set_by_model(k.generator)]
        for known in moved:
            known.generator.set_state(known.before)
        try:
            yield
        finally:
            for known in moved:
                known.before = known.generator.get_state()
                known.generator.set_state(known.unusual)

    def _set_by_model(self, generator: torch.Generator) -> bool:
        known = self._known.get(generator.initial_seed())
        return known is None or not torch.equal(generator.get_state(), known.unusual)

    def is_seeded(self, generator: torch.Generator | None, device: torch.device) -> bool:
        """Whether the model set the state of a generator, or made it. None stands for the default one of `device`."""
        generator = _default(device) if generator is None else generator
        return self._watching and generator is not None and self._set_by_model(generator)

    def draw(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """The result of a function that draws after a seed, as a constant. NotImplemented for other calls."""
        drawn_by = _DRAWN_BY.get(func)
        if drawn_by is None or not self._watching or torch.compiler.is_dynamo_compiling() or in_transform():
            return NotImplemented
        with outside_modes():
            seeded = self.is_seeded(kwargs.get("generator"), _device_of(args, kwargs))
        return drawn_by(self, func, args, kwargs) if seeded else NotImplemented

    def note_operation(self, func: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Called for each operation of the graph. One that draws after a seed draws other numbers in the program."""
        if self._watching and signature_of(func).random and not _drops_nothing(func, args):
            generator = next((a for a in (*args, *kwargs.values()) if isinstance(a, torch.Generator)), None)
            with outside_modes():
                if self.is_seeded(generator, _device_of(args, kwargs)):
                    self.unanswered = f"`{func}` draws after a seed that forward sets; no program can seed a generator"

    def constant(self, real: torch.Tensor, func: Callable[..., Any]) -> torch.Tensor:
        """A tensor of the trace with the numbers that were drawn. Emits the event."""
        self.context.log.emit(SeededDraw(what=func.__name__, **here()))
        made = real.detach().clone()
        return made.requires_grad_() if real.requires_grad else made


def _defaults() -> Iterator[torch.Generator]:
    yield torch.default_generator
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        yield from torch.cuda.default_generators


def _default(device: torch.device) -> torch.Generator | None:
    if device.type == "cpu":
        return torch.default_generator
    index = torch.cuda.current_device() if device.type == "cuda" and device.index is None else device.index
    return torch.cuda.default_generators[index] if device.type == "cuda" else None


def _device_of(args: Any, kwargs: dict[str, Any]) -> torch.device:
    given = kwargs.get("device")
    if given is None:
        given = next((tensor.device for tensor in tensors_in(args)), "cpu")
    return torch.device(given)


def _drops_nothing(func: Any, args: Any) -> bool:
    """Whether the operation is a dropout outside of training."""
    return "dropout" in str(func) and any(value is False for value in args)


def _numbers(value: Any) -> Any:
    """Symbolic sizes as the numbers of the example, with a guard for each."""
    return pytree.tree_map_only(SYMBOLIC, as_plain, value)


def _like(fake: torch.Tensor) -> tuple[Any, ...]:
    """Sizes, strides, dtype and device. The strides decide which element gets which number."""
    return tuple(_numbers(list(fake.shape))), tuple(_numbers(list(fake.stride()))), fake.dtype, fake.device


def _empty(like: tuple[Any, ...]) -> torch.Tensor:
    shape, stride, dtype, device = like
    return torch.empty_strided(shape, stride, dtype=dtype, device=device)


def _made(seeded: SeededDraws, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """`torch.randn(2, 3, generator=g)`."""
    if tensors_in((args, kwargs)):
        return NotImplemented
    args, kwargs = _numbers(args), _numbers(kwargs)
    with outside_modes():
        real = func(*args, **kwargs)
    return seeded.constant(real, func)


def _made_like(seeded: SeededDraws, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """`torch.rand_like(x)`: the values of the first argument do not matter."""
    if tensors_in((args[1:], kwargs)):
        return NotImplemented
    like, rest, kwargs = _like(args[0]), _numbers(args[1:]), _numbers(kwargs)
    with outside_modes():
        real = func(_empty(like), *rest, **kwargs)
    return seeded.constant(real, func)


def _filled(seeded: SeededDraws, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """`x.normal_()`."""
    drawn = _made_like(seeded, func, args, kwargs)
    return drawn if drawn is NotImplemented else args[0].copy_(drawn)


def _dropped(seeded: SeededDraws, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Dropout in training: the input times the dropout of ones."""
    given = dict(zip(("input", "p", "training", "inplace"), args, strict=False)) | kwargs
    value, p = given["input"], given.get("p", 0.5)
    if not given.get("training", given.pop("train", True)):
        return NotImplemented
    like = _like(value)
    with outside_modes():
        real = functional.dropout(_empty(like).fill_(1), p, training=True)
    mask = seeded.constant(real, func)
    return value.mul_(mask) if given.get("inplace") else value * mask


_FILLS = ("normal_", "uniform_", "random_", "exponential_", "geometric_", "cauchy_", "log_normal_", "bernoulli_")
_DRAWN_BY: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys((torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal), _made),
    **dict.fromkeys((torch.rand_like, torch.randn_like, torch.randint_like), _made_like),
    **{getattr(torch.Tensor, name): _filled for name in _FILLS},
    **dict.fromkeys((functional.dropout, torch.dropout), _dropped),
    torch.dropout_: lambda seeded, func, args, kwargs: _dropped(seeded, func, args, {**kwargs, "inplace": True}),
}
