"""Copies of containers that `forward` left in attributes, for a second trace to start from.

Their parts are plain values, sizes, tensors of the user, and tensors computed from no input. A copy holds no object of
the trace. Its key is equal to that of another trace's copy exactly if a call cannot tell the two apart.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._draft.state.containers import MOST_ITEMS, is_plain
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._tape.errors import NoRealValue
from torchdraft._tape.provenance import depends_on
from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.tensors.nested import storage_key

_ROWS = (list, tuple, torch.Size, deque)
_TABLES = (dict, OrderedDict)
_SETS = (set, frozenset)
KINDS = (*_ROWS, *_TABLES, *_SETS, slice)
WORDS = (torch.dtype, torch.device, torch.layout, torch.memory_format)
"""Values of torch that are what they print as."""


class NotCopied(Exception):
    """A part belongs to the trace, or is of a class of which a copy can be something else."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a value, and its key."""

    value: Any
    key: Any


@dataclass(slots=True)
class Copier:
    """Copies values of one trace. A container in two places is one container in the copies too."""

    context: TraceContext
    _copies: dict[int, tuple[Any, Copy | None]] = field(default_factory=dict)
    """Identity of a container → the container, so that no other one gets its identity, and its copy when it is made."""
    _items: int = 0

    def copied(self, value: Any) -> Copy:
        """The copy of a value. Raises `NotCopied` where there is none."""
        if type(value) not in KINDS:
            return self._leaf(value)
        if id(value) in self._copies:
            copy = self._copies[id(value)][1]
            if copy is None:
                raise NotCopied("the container holds itself")
            return copy
        self._copies[id(value)] = value, None
        copy = self._container(value)
        self._copies[id(value)] = value, copy
        return copy

    def _container(self, value: Any) -> Copy:
        if isinstance(value, slice):
            ends = [self.copied(end) for end in (value.start, value.stop, value.step)]
            return Copy(slice(*(end.value for end in ends)), (slice, tuple(end.key for end in ends)))
        self._items += len(value)
        if self._items > MOST_ITEMS:
            raise NotCopied("the containers have too many items")
        if isinstance(value, _TABLES):
            keys = [self._plain(key) for key in value]
            parts = [self.copied(part) for part in value.values()]
            made = type(value)(zip((key.value for key in keys), (part.value for part in parts), strict=True))
            return Copy(made, (type(value), tuple(key.key for key in keys), tuple(part.key for part in parts)))
        if isinstance(value, _SETS):
            parts = [self._plain(part) for part in value]
            return Copy(type(value)(part.value for part in parts), (type(value), frozenset(part.key for part in parts)))
        if isinstance(value, deque):
            parts = [self.copied(part) for part in value]
            rows = deque((part.value for part in parts), value.maxlen)
            return Copy(rows, (deque, value.maxlen, tuple(part.key for part in parts)))
        parts = [self.copied(part) for part in value]
        return Copy(type(value)(part.value for part in parts), (type(value), tuple(part.key for part in parts)))

    def _plain(self, value: Any) -> Copy:
        if is_plain(value) or isinstance(value, WORDS):
            return Copy(value, (type(value), repr(value)))
        raise NotCopied(type(value).__name__)

    def _leaf(self, value: Any) -> Copy:
        if isinstance(value, torch.SymInt) and (size := value.node.hint) is not None:
            return Copy(int(size), ("size", str(value.node.expr)))
        if isinstance(value, torch.Tensor):
            own = self._of_the_user(value)
            return self._constant(value) if own is None else Copy(own, ("tensor", id(own)))
        return self._plain(value)

    def _of_the_user(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """The user's tensor that `tensor` is, or that it stands for in the trace; no input, which is another one in
        each call. As in every container of parameters, `is` tells it from the module's own parameter in a trace.
        """
        context = self.context
        handle = context.tape.known(tensor)
        cell = context.tape.sources.get(storage_key(tensor)) if handle is None else handle.cell
        if cell is not None and id(cell) in context.input_cells():
            raise NotCopied("an input")
        if not isinstance(tensor, FakeTensor):
            return tensor
        for own in context.user.tensors:
            if cell is not None and context.tape.sources.get(storage_key(own)) is cell and _same_place(own, tensor):
                return own
        return None

    def _constant(self, tensor: torch.Tensor) -> Copy:
        """A tensor that was computed from no input."""
        context = self.context
        if depends_on(context.tape, [tensor], context.input_cells()):
            raise NotCopied("computed from an input")
        if any(isinstance(weight, FakeTensor) for weight in context.user.tensors):
            raise NotCopied("computed from weights without data")
        try:
            with outside_modes():
                value = context.reals.tensor(tensor).detach().clone()
        except NoRealValue as error:
            raise NotCopied("computed from weights without data") from error
        return Copy(value, SameData(value))


@dataclass(frozen=True, slots=True, eq=False)
class SameData:
    """The key of a tensor that is what it contains."""

    tensor: torch.Tensor

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SameData):
            return False
        one, two = self.tensor, other.tensor
        return one.dtype == two.dtype and one.shape == two.shape and bool((one == two).all())

    __hash__ = None  # type: ignore[assignment]


def _same_place(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors, of which one may be fake, lie in the same way in their memory."""
    if any(not isinstance(size, int) for size in (*other.shape, *other.stride(), other.storage_offset())):
        return False
    places = [(t.dtype, tuple(t.shape), t.stride(), t.storage_offset()) for t in (one, other)]
    return places[0] == places[1]
