"""Random numbers drawn after a seed that `forward` itself sets: the same in every call, so constants of the program.

A graph can't seed a generator: there, each call would draw other numbers. Nothing is drawn while the model is traced,
so a generator moves only where the model sets it. Those that existed before are put to a state that no model would set;
one found in another state, or not known at all, was seeded on the way, and its draws are made for real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from torchdraft._stack.user_stack import here
from torchdraft._tape.op_schema import signature_of
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import in_transform, outside_modes
from torchdraft._torch.shapes import SYMBOLIC, as_plain
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft.model.events import SeededDraw

if TYPE_CHECKING:
    from torchdraft._draft.state.snapshot import Snapshot
    from torchdraft._draft.tracing.context import TraceContext

_UNUSUAL = 6_148_914_691_236_517_205
"""The first of the seeds that no model sets."""


@dataclass(slots=True)
class KnownGenerator:
    """A generator that existed before the model ran."""

    generator: torch.Generator
    before: torch.Tensor
    """The state in which eager would find it."""
    unusual: torch.Tensor
    """The state it has while the model is traced."""


class SeededDraws:
    """Which generators the model has seeded, and what they give."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.unanswered = ""
        """An operation that drew after a seed in a way that no constant stands for."""
        self._known: dict[int, KnownGenerator] = {}
        """By the seed they have for the time of the trace: the tracer hands on copies of a generator."""
        self._watching = False

    @contextmanager
    def watched(self, snapshot: Snapshot) -> Iterator[None]:
        """While the model runs, the generators that existed before are in a state of ours."""
        randomness = self.context.reals.randomness
        held = snapshot.torch_generators()
        randomness.hold(held)
        for number, generator in enumerate((*_defaults(), *held)):
            state = generator.get_state()
            generator.manual_seed(_UNUSUAL + number)
            self._known[_UNUSUAL + number] = KnownGenerator(generator, state, generator.get_state())
        randomness.known = {seed: known.generator for seed, known in self._known.items()}
        self._watching = True
        try:
            yield
        finally:
            self._watching = False
            for known in self._known.values():
                known.generator.set_state(known.before)

    @contextmanager
    def as_eager(self) -> Iterator[None]:
        """For a real run of a part of the model: each generator is where eager would have it."""
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
        """Whether the model set the state of a generator, or made it; None is the default one of `device`."""
        generator = _default(device) if generator is None else generator
        return self._watching and generator is not None and self._set_by_model(generator)

    def draw(self, func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        """What a function gives that draws after a seed, as a constant of the program; else NotImplemented."""
        way = _WAYS.get(func)
        if way is None or not self._watching or torch.compiler.is_dynamo_compiling() or in_transform():
            return NotImplemented
        with outside_modes():
            seeded = self.is_seeded(kwargs.get("generator"), _device_of(args, kwargs))
        return way(self, func, args, kwargs) if seeded else NotImplemented

    def note_operation(self, func: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Hears of each operation. One that still draws after a seed gives other numbers in the program."""
        if self._watching and signature_of(func).random and not _idle(func, args):
            generator = next((a for a in (*args, *kwargs.values()) if isinstance(a, torch.Generator)), None)
            with outside_modes():
                if self.is_seeded(generator, _device_of(args, kwargs)):
                    self.unanswered = f"`{func}` draws after a seed that forward sets; no program can seed a generator"

    def constant(self, real: torch.Tensor, func: Callable[..., Any]) -> torch.Tensor:
        """Numbers that were drawn, in the graph."""
        self.context.log.emit(SeededDraw(what=func.__name__, **here(4)))
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


def _idle(func: Any, args: Any) -> bool:
    """Whether a dropout drops nothing."""
    return "dropout" in str(func) and any(value is False for value in args)


def _numbers(value: Any) -> Any:
    """Sizes as the numbers they are on the example, which the program is held to from here on."""
    return pytree.tree_map_only(SYMBOLIC, as_plain, value)


def _like(fake: torch.Tensor) -> tuple[Any, ...]:
    """Sizes and strides: where a number comes to lie depends on both."""
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
    """`torch.rand_like(x)`, `x.normal_()`: of the first argument only what it is like matters."""
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
    """Dropout in training: the input times what it makes of ones."""
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
_WAYS: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys((torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal), _made),
    **dict.fromkeys((torch.rand_like, torch.randn_like, torch.randint_like), _made_like),
    **{getattr(torch.Tensor, name): _filled for name in _FILLS},
    **dict.fromkeys((functional.dropout, torch.dropout), _dropped),
    torch.dropout_: lambda seeded, func, args, kwargs: _dropped(seeded, func, args, {**kwargs, "inplace": True}),
}
