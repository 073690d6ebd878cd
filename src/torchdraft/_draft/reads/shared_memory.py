"""Memory of tensors that code outside of the dispatcher can write to: NumPy arrays, addresses passed to native code.

Such a write is no operation, but in eager it changes the tensor. Therefore the shared memory is compared with its last
known content before the next operation on the tensor; if it differs, a copy of the new content is written into the
graph. The content is a constant: the one that the example led to.
"""

from __future__ import annotations

import ast
import types
import weakref
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._source.syntax import enclosing_calls
from torchdraft._stack.user_stack import here, innermost_user_frame
from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.tensors.nested import tensors_in
from torchdraft.model.events import ComputedOutside, HostRead

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


@dataclass(slots=True, eq=False)
class Alias:
    """Memory outside of the dispatcher that holds a tensor's data."""

    tensor: torch.Tensor
    memory: torch.Tensor
    """The shared memory, as a tensor."""
    content: torch.Tensor
    """A copy of its last known content."""
    version: Any
    """The version of the tensor that the content is of."""
    on_write: ComputedOutside
    """The event that is emitted if the memory is written to."""
    holder: weakref.ref[Any] | None = None
    """The only object that gives access to the memory, if there is one."""


class SharedMemory:
    """The aliases of a trace's tensors."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.aliases: dict[int, list[Alias]] = {}
        """By the key of the storage that they share."""

    def share(
        self,
        tensor: torch.Tensor,
        memory: torch.Tensor,
        on_write: ComputedOutside,
        holder: weakref.ref[Any] | None = None,
    ) -> None:
        """Notes that `memory`, which holds the data of `tensor`, can be written to from outside of the dispatcher."""
        with outside_modes():
            alias = Alias(tensor, memory, memory.clone(), self._version(tensor), on_write, holder)
        self.aliases.setdefault(self._key(tensor), []).append(alias)

    def write_back(self, value: Any) -> None:
        """Writes external writes to tensors in `value` into the graph. Called before an operation on them."""
        for alias in self._aliases_of(value):
            self._write_back(alias)

    def refresh(self, value: Any) -> None:
        """Copies what an operation wrote to tensors in `value` into their aliases. Called after the operation."""
        for alias in self._aliases_of(value):
            if self._version(alias.tensor) is not alias.version:
                self._refresh(alias)

    def write_back_all(self) -> None:
        """Writes all external writes into the graph. Called when `forward` has returned."""
        for alias in [alias for aliases in self.aliases.values() for alias in aliases]:
            self._write_back(alias)

    def address(self, tensor: torch.Tensor) -> int:
        """The address of memory with the data of `tensor`; the same address for the same tensor."""
        for alias in self.aliases.get(self._key(tensor), ()):
            if alias.holder is None and alias.tensor is tensor:
                return alias.memory.data_ptr()
        with outside_modes():
            memory = self.context.reals.tensor(tensor).detach().clone()
        self.share(tensor, memory, report_address(self.context, tensor, memory))
        return memory.data_ptr()

    def _aliases_of(self, value: Any) -> list[Alias]:
        if not self.aliases:
            return []
        keys = dict.fromkeys(self._key(tensor) for tensor in tensors_in(value))
        return [alias for key in keys for alias in self.aliases.get(key, ())]

    def _write_back(self, alias: Alias) -> None:
        with outside_modes():
            changed = not _same_bytes(alias.memory, alias.content)
            alias.content = alias.memory.clone() if changed else alias.content
        if alias.holder is not None and alias.holder() is None and alias in self.aliases[self._key(alias.tensor)]:
            self.aliases[self._key(alias.tensor)].remove(alias)
        if changed:
            self.context.log.emit(alias.on_write)
            alias.tensor.detach().copy_(self._constant(alias.content))
            alias.version = self._version(alias.tensor)

    def _constant(self, content: torch.Tensor) -> torch.Tensor:
        """The content as a constant of the program."""
        return content

    def _key(self, tensor: torch.Tensor) -> int:
        handle = self.context.tape.known(tensor)
        return id(tensor) if handle is None else id(handle.cell)

    def _version(self, tensor: torch.Tensor) -> Any:
        handle = self.context.tape.known(tensor)
        return None if handle is None else handle.cell.version

    def _refresh(self, alias: Alias) -> None:
        alias.version = self._version(alias.tensor)
        with outside_modes():
            alias.memory.copy_(self.context.reals.tensor(alias.tensor))
            alias.content = alias.memory.clone()


def report_address(context: TraceContext, tensor: torch.Tensor, memory: torch.Tensor) -> ComputedOutside:
    """Reports that the model took an address; returns the event to emit if the memory there is written to."""
    place, function = here(), _function_given_address(innermost_user_frame())
    if function:
        context.log.emit(ComputedOutside(what=function, **place))
    else:
        context.log.emit(
            HostRead(
                read="data_ptr",
                dtype=str(tensor.dtype).removeprefix("torch."),
                shape=tuple(map(str, tensor.shape)),
                value=hex(memory.data_ptr()),
                asserted="no",
                **place,
            )
        )
    return ComputedOutside(what=function or "native code", **place)


def _function_given_address(frame: FrameType | None) -> str:
    """The source of the native function that receives the value of the expression that `frame` evaluates; "" if no
    native function receives it.
    """
    if frame is None:
        return ""
    for call in enclosing_calls(frame.f_code, frame.f_lasti):
        function = _resolved(call.func, frame)
        if isinstance(function, type) and function.__module__ in ("ctypes", "_ctypes"):
            continue  # c_void_p(address) only converts it
        plain = isinstance(function, (types.FunctionType, types.MethodType, type))
        of_container = isinstance(getattr(function, "__self__", None), (dict, list, set, str, bytes))
        builtin = getattr(function, "__module__", None) == "builtins"
        return "" if plain or of_container or builtin else ast.unparse(call.func)
    return ""


def _resolved(node: ast.expr, frame: FrameType) -> Any:
    """The value of a dotted name; None for any other expression."""
    if isinstance(node, ast.Name):
        known = (frame.f_locals, frame.f_globals, frame.f_builtins)
        return next((names[node.id] for names in known if node.id in names), None)
    if isinstance(node, ast.Attribute):
        try:
            return getattr(_resolved(node.value, frame), node.attr, None)
        except Exception:  # a property of the user's class may raise any exception
            return None
    return None


def _same_bytes(left: torch.Tensor, right: torch.Tensor) -> bool:
    return torch.equal(*(t.detach().contiguous().flatten().view(torch.uint8) for t in (left, right)))
