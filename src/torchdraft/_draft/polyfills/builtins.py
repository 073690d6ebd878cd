"""What Python's `isinstance` and `type` answer the model's code: of a fake tensor and of a symbolic number, what they
would of the real ones.

`isinstance(x.shape[0], int)` and `type(x) is torch.Tensor` hold eagerly. A trace that takes the other branch there
traces another model. The two names are lent to the modules of the model's code only: torch tells its symbols apart.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from torchdraft._draft.state.namespaces import Namespace
from torchdraft._torch.fake import FakeTensor

_NUMBERS: dict[type, Any] = {torch.SymInt: 0, torch.SymFloat: 0.0, torch.SymBool: False}
"""A number of the class that each symbolic one has eagerly."""


@contextmanager
def classes_as_eager(places: Iterable[Namespace]) -> Iterator[None]:
    """In this block the modules among `places` find these two where they would find Python's."""
    lent = {"isinstance": is_instance, "type": Type}
    with ExitStack() as stack:
        for place in places:
            if place.is_module:
                for name, value in lent.items():
                    if name not in place.live:
                        place.put(name, value)
                        stack.callback(_take_back, place, name, value)
        yield


def _take_back(place: Namespace, name: str, value: Any) -> None:
    if place.live.get(name) is value:
        place.drop(name)


def is_instance(value: Any, classes: Any) -> bool:
    """`isinstance(value, classes)`."""
    number = _NUMBERS.get(builtins.type(value))
    return isinstance(value, classes) or (number is not None and isinstance(number, classes))


def class_of(value: Any) -> type:
    """`type(value)`."""
    found = builtins.type(value)
    if found is FakeTensor:
        return torch.nn.Parameter if isinstance(value, torch.nn.Parameter) else torch.Tensor
    return builtins.type(_NUMBERS[found]) if found in _NUMBERS else found


class _Meta(type):
    """What makes `Type` answer as `type` does: called with one value, and asked about classes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Type:
            return super().__call__(*args, **kwargs)  # a metaclass that the model's code makes of it
        return class_of(args[0]) if len(args) == 1 and not kwargs else type(*args, **kwargs)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, type) if cls is Type else super().__instancecheck__(value)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, type) if cls is Type else super().__subclasscheck__(other)

    def __getitem__(cls, item: Any) -> Any:
        return type[item]

    def __eq__(cls, other: object) -> bool:
        return other is cls or (cls is Type and other is type)

    def __hash__(cls) -> int:
        return hash(type) if cls is Type else super().__hash__()


class Type(type, metaclass=_Meta):
    """Python's `type`, as the model's code finds it."""
