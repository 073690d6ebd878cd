"""The function mode of a symbolic trace: answers host reads from the tape, and asserts in the graph what it answered.

The mode receives every torch function and Tensor method that the model calls. Reads that a symbol can answer (`item`,
`bool`, `tolist` of a few integers) stay symbolic, as in a plain export. The others return the real data, and the graph
gets a comparison with it, so that the program raises for an input with other data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from torchdraft._draft.polyfills.registry import polyfilled
from torchdraft._stack.display_only import read_is_only_displayed
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import here
from torchdraft._tape.provenance import is_copied
from torchdraft._torch.dispatch import below_transforms, outside_modes
from torchdraft._torch.library import OPERATORS
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._torch.symbolic.mixed_numbers import MixedNumber, settled
from torchdraft.model.events import HostRead

from .asserted import BY_CONSTANT, BY_VALUE, Closeness, assert_data, closeness_of_text
from .registry import Read, declared_read
from .shared_memory import SharedMemory

if TYPE_CHECKING:
    from torchdraft._draft.guards.unbound_symbols import UnboundSymbols
    from torchdraft._draft.tracing.context import TraceContext


acts_for_caller(__file__)


class HostReads(TorchFunctionMode):
    """Answers reads of fake tensors. Data leaves the graph through the method `value` only."""

    def __init__(self, context: TraceContext, shared_memory: SharedMemory, unbound_symbols: UnboundSymbols) -> None:
        super().__init__()
        self.context = context
        self.shared_memory = shared_memory
        self.unbound_symbols = unbound_symbols
        self._asserted: dict[tuple[int, int, int, str], Any] = {}
        self._alive: list[Any] = []  # what the identities in `_asserted` belong to

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        drawn = self.context.hooks.draws.draw(func, args, kwargs)
        if drawn is not NotImplemented:
            return drawn
        if torch.compiler.is_dynamo_compiling():
            return self._run(func, args, kwargs)
        if MixedNumber.made:
            args, kwargs = settled(args, kwargs)
        func, args, kwargs = polyfilled(func, args, kwargs)
        read = declared_read(func, args)
        if read is not None:
            if read.in_trace is not None and _contains_fake(_unwrapped(args) if read.of_wrapped else args):
                return read.in_trace(self, args, kwargs)
            if read.constant_as_is and self._is_constant(args[0]):
                return _read_constant(read, func, args, kwargs)
        return self._run(func, args, kwargs)

    def _run(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Calls a function that is no read, with external writes to its arguments written back first."""
        memory = self.shared_memory
        try:
            if memory.aliases:
                memory.write_back((args, kwargs))
            out = self._called(func, args, kwargs)
            if memory.aliases:
                memory.refresh((args, kwargs))
            if self.unbound_symbols.waiting:
                self.unbound_symbols.bind(args, kwargs)
            return out
        except TypeError as error:
            plain = _with_plain_sizes(args) if "FakeTensor" in str(error) else None
            if plain is None:
                self.context.log.operation_raised(error)
                raise
            return func(*plain, **kwargs)
        except Exception as error:
            self.context.log.operation_raised(error)
            raise

    def _called(self, func: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(func, OPERATORS):
            return self.context.hooks.kernels.call(self.context, func, args, kwargs)
        return func(*args, **kwargs)

    def _is_constant(self, real: Any) -> bool:
        """Whether a value is a tensor that is neither input nor parameter and that the trace did not write to."""
        handle = self.context.tape.handle(real) if isinstance(real, torch.Tensor) else None
        return handle is not None and handle.cell.version.origin is None

    def value(
        self, fake: torch.Tensor, read: str, *, text: Callable[[torch.Tensor], str] | None = None
    ) -> torch.Tensor:
        """A copy of the real data of `fake`, asserted in the graph and reported as `read`.

        `text` is what the read makes of the data, if that is a text. It may be made only to be shown, and is then
        neither asserted nor, for a constant, reported. Otherwise the assertion lets no data pass that has another text.
        """
        with outside_modes():
            real = self.context.reals.tensor(fake).detach().clone()
        constant = self.context.is_constant(fake)
        if constant and text is not None:
            return real
        unused = text is not None and read_is_only_displayed()
        asserted = "same" if constant else "unused" if unused else "value" if real.numel() <= BY_VALUE else "constant"
        if asserted == "constant" and real.numel() > BY_CONSTANT:
            asserted = "no"
        condition = None
        if asserted in ("value", "constant"):
            condition = self._assert_equal(fake, real, self._closeness(fake, real, text))
        self.context.log.emit(
            HostRead(
                condition=condition,
                read=read,
                dtype=str(real.dtype).removeprefix("torch."),
                shape=tuple(str(s) for s in fake.shape),
                value=_described(real),
                asserted=asserted,  # type: ignore[arg-type]
                **here(),
            )
        )
        return real

    def saved(self, tensor: torch.Tensor) -> torch.Tensor:
        """The tensor that `torch.save` writes in the place of `tensor`."""
        return self.value(tensor, "torch.save") if isinstance(tensor, FakeTensor) else tensor

    def _closeness(
        self, fake: torch.Tensor, real: torch.Tensor, text: Callable[[torch.Tensor], str] | None
    ) -> Closeness:
        with outside_modes():
            if text is not None:
                return closeness_of_text(real, text)
        return "exact" if is_copied(self.context.tape, fake) else "rounded"

    def _assert_equal(self, fake: torch.Tensor, real: torch.Tensor, closeness: Closeness) -> Any:
        """Asserts the data, once for each version of a tensor; returns the condition."""
        handle = self.context.tape.handle(fake)
        assert handle is not None
        self.context.scopes.visit()
        key = (id(handle), id(handle.cell.version), id(self.context.scopes.current), closeness)
        if key not in self._asserted:
            self._alive.append((handle, handle.cell.version))
            self._asserted[key] = assert_data(fake.detach(), real, closeness)
        return self._asserted[key]


def _read_constant(read: Read, func: Any, args: Any, kwargs: Any) -> Any:
    """The call itself, on the real tensor; on a copy if the result shares its memory."""
    with outside_modes():
        own = args[0].detach().clone() if read.shares_memory else args[0]
        return func(own, *args[1:], **kwargs)


def _unwrapped(args: Any) -> Any:
    return [below_transforms(value) for value in args]


def _contains_fake(value: Any) -> bool:
    if isinstance(value, FakeTensor):
        return True
    if isinstance(value, (list, tuple)):
        return any(_contains_fake(v) for v in value)
    return False


def _with_plain_sizes(args: Any) -> Any:
    """The arguments with integer tensors of dimension 0 as numbers, as eager accepts them for sizes; None if there is
    no such tensor.
    """
    found = False

    def plain(value: Any, is_self: bool) -> Any:
        nonlocal found
        if isinstance(value, FakeTensor) and not is_self and value.dim() == 0 and not value.dtype.is_floating_point:
            found = True
            return int(value.item())
        if isinstance(value, (list, tuple)) and type(value) in (list, tuple, torch.Size):
            return [plain(v, False) for v in value]
        return value

    made = [plain(a, index == 0 and isinstance(a, FakeTensor) and a.dim() > 0) for index, a in enumerate(args)]
    return made if found else None


def _described(real: torch.Tensor) -> str:
    with outside_modes():
        if real.numel() > BY_VALUE:
            return f"{real.numel()} elements"
        return str(real.tolist())
