"""Calls whose native code takes plain numbers only, and calls that do the same with tensors and symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from torchdraft._tape.provenance import holds_symbol
from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.shapes import linspace

from . import sequences
from .sequences import holds_symbolic, is_symbolic


def polyfilled(func: Any, args: Any, kwargs: Any) -> tuple[Any, Any, Any]:
    """The call to make in the place of `func(*args, **kwargs)`; mostly that one itself."""
    change = _CHANGES.get(func)
    return (func, args, kwargs) if change is None else change(func, args, kwargs)


Call = tuple[Any, Any, Any]


def _made_of(make: Callable[..., Any], place: int = 0) -> Callable[[Any, Any, Any], Call]:
    """A function that makes a tensor of its argument at `place`, said with `make` where that holds unknown numbers."""

    def change(func: Any, args: Any, kwargs: Any) -> Call:
        unknown = place < len(args) and (holds_symbolic(args[place]) or isinstance(args[place], torch.SymInt))
        return (make if unknown else func), args, kwargs

    return change


def _tensor(func: Any, args: Any, kwargs: Any) -> Call:
    unknown = bool(args) and (is_symbolic(args[0]) or holds_symbolic(args[0]))
    return (sequences.tensor if unknown else func), args, kwargs


def _new(func: Any, args: Any, kwargs: Any) -> Call:
    """`x.new(n, 2)` and `x.new(x.size())` ask for sizes; only a plain sequence is data."""
    data = len(args) == 2 and type(args[1]) in (list, tuple) and holds_symbolic(args[1])
    return (sequences.new_tensor if data else func), args, kwargs


def _sparse(func: Any, args: Any, kwargs: Any) -> Call:
    return (sequences.sparse if any(holds_symbolic(a) for a in args[:2]) else func), args, kwargs


def _getitem(func: Any, args: Any, kwargs: Any) -> Call:
    return func, (args[0], sequences.index(args[1])), kwargs


def _setitem(func: Any, args: Any, kwargs: Any) -> Call:
    """Integers among the indices are symbols: upstream fixes them where it writes, and not where it reads."""
    given = sequences.index(args[1])
    given = tuple(_symbol(one) for one in given) if isinstance(given, tuple) else _symbol(given)
    return func, (args[0], given, *args[2:]), kwargs


def _symbol(given: Any) -> Any:
    if isinstance(given, slice):
        return slice(_symbol(given.start), _symbol(given.stop), _symbol(given.step))
    whole = isinstance(given, FakeTensor) and given.dim() == 0 and given.dtype in _INTEGERS
    return given.item() if whole else given


_INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8)


def _set(func: Any, args: Any, kwargs: Any) -> Call:
    """`y.set_(z, offset, size, stride)` is traced as one that takes the storage of `z`, which nobody can follow. An
    operator, and not the method: function modes do not see that.
    """
    if len(args) != 5 or kwargs:
        return func, args, kwargs
    target, source, offset, size, stride = args
    return torch.ops.aten.set_.source_Tensor, (target, source.detach().as_strided(size, stride, offset)), {}


def _linspace(func: Any, args: Any, kwargs: Any) -> Call:
    steps = args[2] if len(args) > 2 else kwargs.get("steps")
    return (linspace if isinstance(steps, torch.SymInt) and "out" not in kwargs else func), args, kwargs


def _drawn(func: Any, args: Any, kwargs: Any) -> Call:
    """Random numbers from a generator: upstream takes no symbol for a size there, even where the generator is None."""
    if "generator" not in kwargs or not holds_symbol((args, kwargs)):
        return func, args, kwargs
    if kwargs["generator"] is None:
        return func, args, {name: value for name, value in kwargs.items() if name != "generator"}
    return _FILLED[func], args, kwargs


def _rand(*size: Any, generator: Any, **options: Any) -> torch.Tensor:
    return torch.empty(*size, **options).uniform_(generator=generator)


def _randn(*size: Any, generator: Any, **options: Any) -> torch.Tensor:
    return torch.empty(*size, **options).normal_(generator=generator)


def _randint(*bounds_and_size: Any, generator: Any, dtype: Any = torch.int64, **options: Any) -> torch.Tensor:
    *bounds, size = bounds_and_size
    low, high = bounds if len(bounds) == 2 else (0, *bounds)
    return torch.empty(size, dtype=dtype, **options).random_(high - low, generator=generator).add_(low)


def _random(func: Any, args: Any, kwargs: Any) -> Call:
    """`x.random_(low, high)` is `random_.from` to upstream, which is no Python where a graph is written out as such."""
    if len(args) != 3 or not all(isinstance(bound, int) and abs(bound) <= _whole(args[0].dtype) for bound in args[1:]):
        return func, args, kwargs
    own, low, high = args
    return (lambda: own.random_(high - low, **kwargs).add_(low)), (), {}


def _whole(dtype: torch.dtype) -> float:
    """The largest number up to which every whole number is one of that type."""
    return 1 / torch.finfo(dtype).eps if dtype.is_floating_point else torch.iinfo(dtype).max


_FILLED = {torch.rand: _rand, torch.randn: _randn, torch.randint: _randint}
"""What these functions do: the numbers are the same."""

_CHANGES: dict[Any, Callable[[Any, Any, Any], Call]] = {
    torch.tensor: _tensor,
    torch.as_tensor: _made_of(sequences.tensor),
    torch.asarray: _made_of(sequences.asarray),
    torch.Tensor.new_tensor: _made_of(sequences.new_tensor, place=1),
    torch.Tensor.new: _new,
    torch.sparse_coo_tensor: _sparse,
    torch.Tensor.__getitem__: _getitem,
    torch.Tensor.__setitem__: _setitem,
    torch.Tensor.random_: _random,
    torch.ops.aten.set_.source_Tensor_storage_offset: _set,
    torch.linspace: _linspace,
    torch.rand: _drawn,
    torch.randn: _drawn,
    torch.randint: _drawn,
}
