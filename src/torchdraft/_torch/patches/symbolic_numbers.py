"""Symbolic numbers where Python insists on plain ones: hashing and writing them out."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, Protocol

import sympy
import torch

from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.probe import need

from .registry import patched


class SymbolTextHooks(Protocol):
    """What to do with texts of symbolic numbers."""

    def use(self, frames_up: int) -> Literal["used", "shown", "other"]:
        """What the frame so far above the caller does with a text: the user's code uses it, or only shows it."""

    def shown(self, number: Any) -> Any:
        """The real number behind a symbolic one, for showing; None where nobody knows it."""

    def hashed(self) -> None:
        """A symbolic number is about to be hashed."""


@contextmanager
def symbols_as_plain_numbers(texts: SymbolTextHooks) -> Iterator[None]:
    """While active, hashing a `SymInt` or writing out a symbolic number in the user's code takes its real value.

    Upstream refuses the one ("unhashable type") and writes the symbol's name for the other, which is wrong silently,
    and fails where a format such as `.3f` is asked for. A text that is only shown takes the value without a guard.
    """
    own = {(cls, name): cls.__dict__.get(name) for cls in _PLAIN for name in _METHODS}
    hash_int = torch.SymInt.__hash__

    def hash_symint(self: torch.SymInt) -> int:
        if self.node.is_nested_int():
            return hash_int(self)
        texts.hashed()
        return hash(int(self))

    torch.SymInt.__hash__ = hash_symint
    for cls in _PLAIN:
        cls.__format__, cls.__str__ = _writing(texts)
        cls.__repr__ = cls.__str__
    for cls, name in ((torch.SymFloat, "__float__"), (torch.SymInt, "__int__")):
        setattr(cls, name, _converting(texts, getattr(cls, name), _PLAIN[cls]))
    try:
        yield
    finally:
        for (cls, name), value in own.items():
            if value is not None:
                setattr(cls, name, value)
            elif name in cls.__dict__:
                delattr(cls, name)


_METHODS = ("__hash__", "__format__", "__str__", "__repr__", "__float__", "__int__")


def _writing(texts: SymbolTextHooks) -> tuple[Callable[[Any, str], str], Callable[[Any], str]]:
    """`__format__` and `__str__` of symbolic numbers."""

    def number_or_name(self: Any) -> Any:
        use = texts.use(2)
        if use == "used":
            return _PLAIN[type(self)](self)
        number = texts.shown(self) if use == "shown" else None
        return str(self.node) if number is None else number

    def format_symbolic(self: Any, spec: str) -> str:
        return format(number_or_name(self), spec)

    def write_symbolic(self: Any) -> str:
        return str(number_or_name(self))

    return format_symbolic, write_symbolic


def _converting(texts: SymbolTextHooks, own: Callable[[Any], Any], kind: type) -> Callable[[Any], Any]:
    """`__float__` and `__int__`, which `"%.3f" % loss` calls."""

    def convert(self: Any) -> Any:
        number = texts.shown(self) if texts.use(1) == "shown" else None
        return own(self) if number is None else kind(number)

    return convert


_PLAIN: dict[Any, Any] = {torch.SymInt: int, torch.SymFloat: float, torch.SymBool: bool}


@contextmanager
def sections_as_numbers() -> Iterator[None]:
    """`x.split([tensor, tensor])` and `x.narrow(0, 0, tensor)` take the tensors' numbers, as they do eagerly.

    Upstream refuses fake tensors there. A patch and not a function mode: decompositions (of `aten.lstm.data`, for one)
    call it where no mode is active.
    """
    own_split, own_narrow = torch.Tensor.split, torch.Tensor.narrow

    def split(self: torch.Tensor, split_size: Any, dim: int = 0) -> Any:
        if isinstance(split_size, (list, tuple)):
            split_size = [_number(s) for s in split_size]
        return own_split(self, split_size, dim)

    def narrow(self: torch.Tensor, dim: int, start: Any, length: Any) -> Any:
        return own_narrow(self, dim, start, _number(length))

    torch.Tensor.split, torch.Tensor.narrow = split, narrow
    try:
        yield
    finally:
        torch.Tensor.split = own_split
        del torch.Tensor.narrow  # torch.Tensor inherits it


def _number(value: Any) -> Any:
    return int(value.item()) if isinstance(value, torch.Tensor) else value


linspace: Any = need("torch._refs:linspace")
"""`torch.linspace` in operations that take a symbol for the number of steps; upstream's own operator takes none."""


@contextmanager
def symbolic_len() -> Iterator[None]:
    """`len(x)` gives the symbol that `x.shape[0]` is. Python's own makes an `int` of it, which fixes the size.

    Dynamo, which compiles control flow operators inside a trace, goes through this function as through the model's own.
    """
    own = builtins.len

    def length(value: Any, /) -> Any:
        return value.shape[0] if type(value) is FakeTensor and value.dim() else own(value)

    with patched(builtins, "len", length):
        yield


_SymNode: Any = need("torch.fx.experimental.sym_node:SymNode")
_RELATIONS: dict[str, Any] = {name: getattr(sympy, name.capitalize()) for name in ("eq", "ne", "ge", "gt", "le", "lt")}


@contextmanager
def decided_comparisons_reported(tell: Callable[[Any, Any], None]) -> Iterator[None]:
    """Calls `tell(condition, outcome)` for comparisons of sizes that sympy decides as they are written.

    A size is a positive symbol to upstream, so `x.shape[0] == 0` is false at once and nobody is asked, although a
    program may well be given an empty tensor.
    """

    def watching(name: str) -> Callable[[Any, Any], Any]:
        compare, relation = getattr(_SymNode, name), _RELATIONS[name]

        def compared(self: Any, other: Any) -> Any:
            out = compare(self, other)
            decided = getattr(out, "_expr", None)
            if (decided is sympy.true or decided is sympy.false) and self._expr.free_symbols:
                tell(relation(self._expr, other._expr, evaluate=False), decided)
            return out

        return compared

    with ExitStack() as stack:
        for name in _RELATIONS:
            stack.enter_context(patched(_SymNode, name, watching(name)))
        yield
