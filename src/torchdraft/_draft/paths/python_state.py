"""What Python holds at one moment of a trace: the locals of the running frames, the model's attributes, globals.

Two paths through a model have rejoined where their states are equal up to tensors and symbolic numbers. A `torch.cond`
of the two returns what they differ in.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from torchdraft._stack.frame_kinds import kind_of
from torchdraft._stack.instructions import instruction
from torchdraft._stack.user_stack import frames_of_call
from torchdraft._torch.branch_marks import is_traced, modes_of_operations
from torchdraft._torch.shapes import SYMBOLIC

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

    def resembles(self, other: State) -> bool:
        """Whether the states are equal up to traced tensors and symbolic numbers."""
        return self.complete and other.complete and self.description == other.description

    def forget_values(self) -> None:
        """Lets go of tensors: after the trace the nodes of the graph stand for them."""
        self.tensors, self.numbers = [], []


def capture(frame: types.FrameType, model: torch.nn.Module) -> State:
    """The state of the traced call at `frame`."""
    walk = _Walk()
    for each in frames_of_call(frame):
        if kind_of(each.f_code) in ("user", "layer"):
            walk.add((each.f_code, instruction(each.f_code, each.f_lasti)))
            walk.visit(each.f_locals)
            walk.visit(dict(_globals(each)))
        elif each.f_code.co_name == "_call_impl":  # hooks get them after `forward`
            walk.visit({name: each.f_locals.get(name) for name in ("args", "kwargs")})
    for module in model.modules():
        walk.visit({name: value for name, value in vars(module).items() if name not in _OF_EVERY_MODULE})
    for cls in {type(module): None for module in model.modules()}:
        walk.visit(_plain_attributes(cls))
    walk.add(modes_of_operations())
    return walk.state


_OF_EVERY_MODULE = frozenset(vars(torch.nn.Module())) - {"training"}


def _globals(frame: types.FrameType) -> Iterator[tuple[str, Any]]:
    """The globals that a function names and that may hold state."""
    for name in frame.f_code.co_names:
        value = frame.f_globals.get(name)
        if isinstance(value, (int, float, str, list, dict, set, torch.Tensor, collections.deque)):
            yield name, value
        elif isinstance(value, type):
            yield name, _plain_attributes(value)
        elif hasattr(value, "__dict__") and not isinstance(value, (*_SAME, types.FunctionType)):
            yield name, value


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

    def __init__(self) -> None:
        self.state = State()
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
        elif isinstance(value, _SAME):
            self._identity(value)
        else:
            self._object(value)

    def _tensor(self, tensor: torch.Tensor) -> None:
        if is_traced(tensor):
            self.add("tensor")
            self.state.tensors.append(tensor)
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
        self.add((type(value), len(value) if isinstance(value, (list, tuple, dict, set, frozenset)) else None))
        if isinstance(value, dict):
            for key, item in value.items():
                self.visit(key)
                self.visit(item)
        elif isinstance(value, (list, tuple, collections.deque)):
            for item in value:
                self.visit(item)
        elif isinstance(value, (set, frozenset)):
            self.add(frozenset(value) if all(isinstance(item, _PLAIN) for item in value) else id(value))
        elif isinstance(value, types.MethodType):
            self.visit(value.__func__)
            self.visit(value.__self__)
        elif isinstance(value, types.FunctionType):
            self.add(value.__code__)
            self.visit([cell.cell_contents for cell in value.__closure__ or () if _filled(cell)])
            self.visit([value.__defaults__, value.__kwdefaults__])
        elif hasattr(value, "__dict__"):
            self._identity(type(value))
            self.visit(vars(value))
        else:
            self._identity(value)


def _filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
