"""Memory that code outside of the dispatcher got hold of: a NumPy array of a tensor, an address given to native code.

What such code writes is no operation, and eagerly the tensor changes all the same. So the memory lent is looked at
before the next operation on the tensor, and what was written is put into the program as a copy. That is the outcome on
the example: a constant.
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
class SharedView:
    """One tensor whose memory was lent."""

    tensor: torch.Tensor
    memory: torch.Tensor
    """What was lent: private memory that reads as the tensor's."""
    seen: torch.Tensor
    """A copy of its content when it was last looked at."""
    version: Any
    told: ComputedOutside
    """The event, should the memory turn out to be written to."""
    holder: weakref.ref[Any] | None = None
    """Who the memory was lent to, where that is known to come to an end."""


class SharedMemory:
    """The loans of a trace, by what the tensors share."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.loans: dict[int, list[SharedView]] = {}

    def lend(
        self, tensor: torch.Tensor, memory: torch.Tensor, told: ComputedOutside, holder: weakref.ref[Any] | None = None
    ) -> None:
        """`memory` is in somebody's hands now."""
        with outside_modes():
            loan = SharedView(tensor, memory, memory.clone(), self._version(tensor), told, holder)
        self.loans.setdefault(self._key(tensor), []).append(loan)

    def before(self, value: Any) -> None:
        """An operation on the tensors in `value` is about to run."""
        for loan in self._touched(value):
            self._settle(loan)

    def after(self, value: Any) -> None:
        """An operation on the tensors in `value` has run: what it wrote shows in the memory lent."""
        for loan in self._touched(value):
            if self._version(loan.tensor) is not loan.version:
                self._renew(loan)

    def write_back_all(self) -> None:
        """The model is done: what was written last is in its outputs too."""
        for loan in [loan for loans in self.loans.values() for loan in loans]:
            self._settle(loan)

    def address(self, tensor: torch.Tensor) -> int:
        """The address of private memory that holds what `tensor` holds; the same for the same tensor."""
        for loan in self.loans.get(self._key(tensor), ()):
            if loan.holder is None and loan.tensor is tensor:
                return loan.memory.data_ptr()
        with outside_modes():
            memory = self.context.reals.tensor(tensor).detach().clone()
        self.lend(tensor, memory, report_address(self.context, tensor, memory))
        return memory.data_ptr()

    def _touched(self, value: Any) -> list[SharedView]:
        if not self.loans:
            return []
        keys = dict.fromkeys(self._key(tensor) for tensor in tensors_in(value))
        return [loan for key in keys for loan in self.loans.get(key, ())]

    def _settle(self, loan: SharedView) -> None:
        with outside_modes():
            changed = not _same_bytes(loan.memory, loan.seen)
            loan.seen = loan.memory.clone() if changed else loan.seen
        if loan.holder is not None and loan.holder() is None and loan in self.loans[self._key(loan.tensor)]:
            self.loans[self._key(loan.tensor)].remove(loan)
        if changed:
            self.context.log.emit(loan.told)
            loan.tensor.detach().copy_(self._constant(loan.seen))
            loan.version = self._version(loan.tensor)

    def _constant(self, content: torch.Tensor) -> torch.Tensor:
        """What was written, as a constant of the program."""
        return content

    def _key(self, tensor: torch.Tensor) -> int:
        handle = self.context.tape.known(tensor)
        return id(tensor) if handle is None else id(handle.cell)

    def _version(self, tensor: torch.Tensor) -> Any:
        handle = self.context.tape.known(tensor)
        return None if handle is None else handle.cell.version

    def _renew(self, loan: SharedView) -> None:
        loan.version = self._version(loan.tensor)
        with outside_modes():
            loan.memory.copy_(self.context.reals.tensor(loan.tensor))
            loan.seen = loan.memory.clone()


def report_address(context: TraceContext, tensor: torch.Tensor, memory: torch.Tensor) -> ComputedOutside:
    """Tells that an address was asked for; returns what is to be told if somebody writes there."""
    place, function = here(3), _taker(innermost_user_frame(3))
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


def _taker(frame: FrameType | None) -> str:
    """The function that is given what the expression at which `frame` is makes, if it is no function of Python's."""
    if frame is None:
        return ""
    for call in enclosing_calls(frame.f_code, frame.f_lasti):
        function = _resolved(call.func, frame)
        if isinstance(function, type) and function.__module__ in ("ctypes", "_ctypes"):
            continue  # c_void_p(address): a number in another dress
        plain = isinstance(function, (types.FunctionType, types.MethodType, type))
        of_container = isinstance(getattr(function, "__self__", None), (dict, list, set, str, bytes))
        builtin = getattr(function, "__module__", None) == "builtins"
        return "" if plain or of_container or builtin else ast.unparse(call.func)
    return ""


def _resolved(node: ast.expr, frame: FrameType) -> Any:
    """What a dotted name stands for; None for anything else."""
    if isinstance(node, ast.Name):
        known = (frame.f_locals, frame.f_globals, frame.f_builtins)
        return next((names[node.id] for names in known if node.id in names), None)
    if isinstance(node, ast.Attribute):
        try:
            return getattr(_resolved(node.value, frame), node.attr, None)
        except Exception:  # a property of the user's may raise anything
            return None
    return None


def _same_bytes(left: torch.Tensor, right: torch.Tensor) -> bool:
    return torch.equal(*(t.detach().contiguous().flatten().view(torch.uint8) for t in (left, right)))
