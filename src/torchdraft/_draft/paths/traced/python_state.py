"""What Python holds at one moment of a trace: the locals of the running frames, the model's attributes, globals.

Two paths through a model have rejoined where their states are equal up to tensors and symbolic numbers. A `torch.cond`
of the two returns what they differ in.
"""

from __future__ import annotations

import collections
import functools
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from torchdraft._stack.frame_kinds import is_library, kind_of
from torchdraft._stack.instructions import instruction
from torchdraft._stack.live_names import can_be_read
from torchdraft._stack.user_stack import frames_of_call
from torchdraft._torch.graph.branch_marks import is_traced, modes_of_operations
from torchdraft._torch.symbolic.shapes import SYMBOLIC
from torchdraft._torch.symbolic.tensor_attributes import is_in_order, own_attributes

from .unfinished import held_by, parts_of_iterator

MOST_VALUES = 20_000
"""Values after which a state counts as unlike any other: the branch stays guarded instead of taking long to compare."""

_PLAIN = (
    int,
    float,
    complex,
    str,
    bytes,
    bool,
    type(None),
    torch.dtype,
    torch.device,
    torch.layout,
    type,
    range,
    slice,
)
_MOST_BYTES = 4096
"""Bytes up to which an array is part of the description."""
_SAME = (types.BuiltinFunctionType, types.ModuleType, types.CodeType, torch.nn.Module)


@dataclass(slots=True)
class State:
    """A description that compares equal for equal states, and the tensors and symbolic numbers that it leaves out."""

    description: list[Any] = field(default_factory=list)
    tensors: list[torch.Tensor] = field(default_factory=list)
    numbers: list[Any] = field(default_factory=list)
    alive: list[Any] = field(default_factory=list)
    """Objects that are described by their identity, which no other object may get."""
    complete: bool = True
    opaque: bool = False
    """Whether an object is described by its identity that may hold more, and change between two moments of a path."""
    weights: list[int] = field(default_factory=list)
    """The identities of the parameters and buffers, which are others in another trace."""

    def recurs(self, later: State) -> bool:
        """Whether a later state of the same path resembles this one."""
        return not self.opaque and not later.opaque and self.weights == later.weights and self.resembles(later)

    def resembles(self, other: State) -> bool:
        """Whether the states are equal up to traced tensors and symbolic numbers."""
        return self.complete and other.complete and self.description == other.description

    def forget_values(self) -> None:
        """Lets go of tensors: after the trace the nodes of the graph stand for them."""
        self.tensors, self.numbers = [], []


def capture(frame: types.FrameType, model: torch.nn.Module) -> State:
    """The state of the traced call at `frame`."""
    walk = _Walk(model)
    for each in frames_of_call(frame):
        if kind_of(each.f_code) in ("user", "layer", "torch_python") or is_library(each.f_code):
            walk.add((each.f_code, instruction(each.f_code, each.f_lasti)))
            walk.visit(_locals(each))
            walk.visit_unfinished(each)
            walk.visit(dict(_globals(each)))
        elif each.f_code.co_name == "_call_impl":  # hooks get them after `forward`
            walk.visit({name: each.f_locals.get(name) for name in ("args", "kwargs")})
    for module in model.modules():
        walk.visit({name: value for name, value in vars(module).items() if name not in _OF_EVERY_MODULE})
        walk.state.weights += map(id, (*module._parameters.values(), *module._buffers.values()))
    for cls in {type(module): None for module in model.modules()}:
        walk.visit(_plain_attributes(cls))
    walk.add(modes_of_operations())
    return walk.state


def _locals(frame: types.FrameType) -> dict[str, Any]:
    """The local names of a running function that it may still read, and those that other functions share."""
    code = frame.f_code
    alive = can_be_read(code, instruction(code, frame.f_lasti))
    if alive is None:
        return frame.f_locals
    shared = (*code.co_cellvars, *code.co_freevars)
    return {name: value for name, value in frame.f_locals.items() if name in alive or name in shared}


_OF_EVERY_MODULE = frozenset(vars(torch.nn.Module())) - {"training"}


def _globals(frame: types.FrameType) -> Iterator[tuple[str, Any]]:
    """The globals that a running function names and that may hold state, and those that the functions of the user's
    modules name which it calls.
    """
    for code, names in _followed([(frame.f_code, frame.f_globals)]):
        for name in _names(code):
            value = names.get(name)
            if isinstance(value, type):
                yield f"{code.co_name}.{name}", _plain_attributes(value)
            elif isinstance(value, (int, float, str, list, dict, set, torch.Tensor, collections.deque)) or (
                hasattr(value, "__dict__") and not isinstance(value, _SAME)
            ):
                yield f"{code.co_name}.{name}", value


_Code = tuple[types.CodeType, dict[str, Any]]
"""The code of a function, and the globals that it finds."""


def _followed(functions: list[_Code]) -> Iterator[_Code]:
    """The functions, and those of the user's modules that they name."""
    seen = {id(code) for code, _ in functions}
    while functions:
        code, names = functions.pop()
        yield code, names
        for value in map(names.get, _names(code)):
            if isinstance(value, types.FunctionType) and id(value.__code__) not in seen:
                seen.add(id(value.__code__))
                if kind_of(value.__code__) == "user":
                    functions.append((value.__code__, value.__globals__))


@functools.lru_cache(64)
def _asks_for_gradients(classes: frozenset[type]) -> bool:
    """Whether code of the model names what differs between tensors that require grad and others."""
    functions = [value for cls in classes for base in cls.__mro__ for value in vars(base).values()]
    codes = [(f.__code__, f.__globals__) for f in functions if isinstance(f, types.FunctionType)]
    codes = [(code, names) for code, names in codes if kind_of(code) == "user"]
    return any(not _OF_GRADIENTS.isdisjoint(_names(code)) for code, _ in _followed(codes))


_OF_GRADIENTS = frozenset({"requires_grad", "grad_fn", "is_leaf", "requires_grad_", "retain_grad", "register_hook"})


@functools.lru_cache(4096)
def _names(code: types.CodeType) -> tuple[str, ...]:
    """The global names in a function and in those that it defines."""
    inner = (name for const in code.co_consts if isinstance(const, types.CodeType) for name in _names(const))
    return tuple(dict.fromkeys((*code.co_names, *inner)))


def _plain_attributes(cls: type) -> dict[str, Any]:
    """The attributes of a class that are data, those of its bases included."""
    bases = [base for base in cls.__mro__ if base.__module__.partition(".")[0] not in ("builtins", "torch", "typing")]
    return {
        f"{base.__qualname__}.{name}": value
        for base in bases
        for name, value in vars(base).items()
        if isinstance(value, (int, float, str, bool, list, dict, set, tuple, torch.Tensor))
        and not name.startswith("__")
    }


class _Walk:
    """Visits values, and describes them."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.state = State()
        self._of_model = set(map(id, model.modules()))
        self._asks_for_gradients = _asks_for_gradients(frozenset(map(type, model.modules())))
        self._seen: dict[int, int] = {}
        self._visited: list[Any] = []
        """What was visited: another object must not get its identity."""

    def add(self, item: Any) -> None:
        self.state.description.append(item)

    def visit(self, value: Any) -> None:
        if len(self.state.description) > MOST_VALUES:
            self.state.complete = False
            return
        if isinstance(value, torch.Tensor):
            self._tensor(value)
        elif isinstance(value, SYMBOLIC):
            self._number(value)
        elif isinstance(value, _PLAIN):
            self.add((type(value), repr(value) if isinstance(value, (float, complex)) else value))
        elif isinstance(value, types.BuiltinFunctionType) and not isinstance(value.__self__, types.ModuleType | None):
            self.add(value.__name__)  # a method, whose object may change
            self.visit(value.__self__)
        elif isinstance(value, torch.nn.Module) and id(value) not in self._of_model:
            self._identity(value)
            self.state.opaque = True
        elif isinstance(value, _SAME):
            self._identity(value)
        else:
            self._object(value)

    def visit_unfinished(self, frame: types.FrameType) -> None:
        """The unfinished expressions of a frame."""
        found = held_by(frame)
        if found is None:
            self.state.complete = False
            return
        self.visit(found.values)
        if isinstance(found.called, functools.partial):
            self.visit(found.called)

    def _tensor(self, tensor: torch.Tensor) -> None:
        if is_traced(tensor):
            self.add(("tensor", is_in_order(tensor), tensor.requires_grad if self._asks_for_gradients else None))
            self.state.tensors.append(tensor)
            self.visit(own_attributes(tensor))
        else:
            self._identity(tensor)

    def _number(self, number: Any) -> None:
        if number.node.is_constant() or not number.node.expr.free_symbols:
            self.add(("number", str(number.node.expr)))
        else:
            self.add(type(number))
            self.state.numbers.append(number)

    def _identity(self, value: Any) -> None:
        self.add(("same", id(value)))
        self.state.alive.append(value)

    def _object(self, value: Any) -> None:
        if id(value) in self._seen:
            self.add(("again", self._seen[id(value)]))
            return
        self._seen[id(value)] = len(self._seen)
        self._visited.append(value)
        parts: Any = _parts(value)
        cls: Any = type(value)
        size = len(value) if isinstance(value, (list, tuple, dict, set, frozenset)) else None
        self.add((cls, size))
        if isinstance(value, (set, frozenset)):
            self._set(value)
        elif parts is not None:
            for part in parts:
                self.visit(part)
        elif hasattr(value, "__dict__") and (_is_of_python(cls) or isinstance(value, BaseException)):
            self._identity(cls)
            self.visit(vars(value))
            self.visit(list(_in_slots(value)))
            self.visit(value.args if isinstance(value, BaseException) else ())
        else:
            self._opaque(value)

    def _opaque(self, value: Any) -> None:
        self.state.opaque = True
        self._identity(value)

    def _set(self, value: Any) -> None:
        if not all(isinstance(item, (*_PLAIN, *_SAME)) for item in value):
            self._opaque(value)
            return
        self.add(frozenset(item if isinstance(item, _PLAIN) else ("same", id(item)) for item in value))
        self.state.alive.append(list(value))


def _parts(value: Any) -> Iterable[Any] | None:
    """What a container, a function or an iterator consists of; None for other objects."""
    if isinstance(value, dict):
        return [each for item in value.items() for each in item]
    if isinstance(value, (list, tuple, collections.deque)):
        return value
    if isinstance(value, types.MethodType):
        return value.__func__, value.__self__
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
        return value.__code__, cells, value.__defaults__, value.__kwdefaults__
    if isinstance(value, functools.partial):
        return value.func, value.args, value.keywords
    if isinstance(value, types.CellType):
        return [value.cell_contents] if _filled(value) else []
    if isinstance(value, np.ndarray) and value.nbytes <= _MOST_BYTES and not value.dtype.hasobject:
        return value.shape, value.dtype.str, value.tobytes()
    return parts_of_iterator(value)


_HEAP = 1 << 9
"""The flag of classes that are made when code runs, as those of Python are."""


@functools.lru_cache(1024)
def _is_of_python(cls: Any) -> bool:
    """Whether the instances of a class hold nothing but attributes."""
    return all(base is object or base.__flags__ & _HEAP for base in cls.__mro__)


def _in_slots(value: Any) -> Iterator[Any]:
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            yield name, getattr(value, name, None)


def _filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
