"""Host reads: where Python takes data out of a tensor, answers from the tape and asserts what it answered.

A function mode at the bottom of the stack sees every torch function and Tensor method the model calls. Reads that a
symbol can carry (`item`, `bool`, `tolist` of a few integers) stay symbolic, as in a plain export. The others get the
real data, and the graph gets a comparison with it, so that the program raises on an input where the model would have
read something else.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from torchdraft._draft.polyfills.registry import polyfilled
from torchdraft._stack.display_only import read_is_only_displayed
from torchdraft._stack.transparent import acts_for_caller, is_transparent
from torchdraft._stack.user_stack import here, innermost_user_frame, is_framework, is_library
from torchdraft._torch import files
from torchdraft._torch.dispatch import is_tracked, outside_modes, retarget
from torchdraft._torch.fake import FakeTensor
from torchdraft.model.events import ComputedOutside, HostRead

from .asserted import BY_CONSTANT, BY_VALUE, assert_data
from .copying import being_copied, deep_copied, reduced
from .packed_rnn import RECURRENT, is_packed
from .packed_sequences import pack_padded_sequence, pad_packed_sequence
from .shared_memory import SharedMemory

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.unbound_symbols import UnboundSymbols


acts_for_caller(__file__)

Handler = Callable[["HostReads", tuple[Any, ...], dict[str, Any]], Any]


class HostReads(TorchFunctionMode):
    """Answers reads of fake tensors. `value` is the one place where data leaves the graph."""

    def __init__(self, context: TraceContext, shared_memory: SharedMemory, unbound_symbols: UnboundSymbols) -> None:
        super().__init__()
        self.context = context
        self.shared_memory = shared_memory
        self.unbound_symbols = unbound_symbols
        self._asserted: dict[tuple[int, int, int], Any] = {}
        self._keep: list[Any] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        drawn = self.context.hooks.draws.draw(func, args, kwargs or {})
        if drawn is not NotImplemented:
            return drawn
        if not torch.compiler.is_dynamo_compiling():
            func, args, kwargs = polyfilled(func, args, kwargs or {})
        handler = HANDLERS.get(func) or PACKING.get(getattr(func, "__name__", ""))
        handler = handler or (RECURRENT.get(getattr(func, "__name__", "")) if is_packed(args) else None)
        if handler is not None and not torch.compiler.is_dynamo_compiling() and _fake_in(args):
            return handler(self, args, kwargs or {})
        if func in PLAIN_READS and self._untouched(args[0]):
            with outside_modes():
                given = args[0].detach().clone() if func in _SHARING else args[0]
                return func(given, *args[1:], **(kwargs or {}))
        lent = self.shared_memory
        try:
            if lent.loans:
                lent.before((args, kwargs))
            out = func(*args, **(kwargs or {}))
            if lent.loans:
                lent.after((args, kwargs))
            if self.unbound_symbols.waiting:
                self.unbound_symbols.settle(args, kwargs)
            return out
        except TypeError as error:
            plain = _numbers_for_sizes(args) if "FakeTensor" in str(error) else None
            if plain is None:
                self.context.log.operation_raised(error)
                raise
            return func(*plain, **(kwargs or {}))
        except Exception as error:
            self.context.log.operation_raised(error)
            raise

    def _untouched(self, real: Any) -> bool:
        """Whether a tensor is a constant of the program: no input, no parameter, and not written to by the trace."""
        if not isinstance(real, torch.Tensor) or torch.compiler.is_dynamo_compiling():
            return False
        handle = self.context.tape.handle(real)
        return handle is not None and handle.cell.version.origin is None

    def value(self, fake: torch.Tensor, read: str) -> torch.Tensor:
        """A private copy of the real data behind `fake`, asserted in the graph."""
        with outside_modes():
            real = self.context.reals.tensor(fake).detach().clone()
        constant = self.context.is_constant(fake)
        if constant and read in _SHOWING:
            return real
        shown = read in _SHOWING and read_is_only_displayed()
        asserted = "same" if constant else "unused" if shown else "value" if real.numel() <= BY_VALUE else "constant"
        if asserted == "constant" and real.numel() > BY_CONSTANT:
            asserted = "no"
        condition = self._assert_equal(fake, real) if asserted in ("value", "constant") else None
        self.context.log.emit(
            HostRead(
                condition=condition,
                read=read,
                dtype=str(real.dtype).removeprefix("torch."),
                shape=tuple(str(s) for s in fake.shape),
                value=_brief(real),
                asserted=asserted,  # type: ignore[arg-type]
                **here(3),
            )
        )
        return real

    def saved(self, tensor: torch.Tensor) -> torch.Tensor:
        """What `torch.save` is to write for a tensor."""
        return self.value(tensor, "torch.save") if isinstance(tensor, FakeTensor) else tensor

    def array(self, fake: torch.Tensor, read: str, *args: Any, **kwargs: Any) -> Any:
        """The real data as a NumPy array of its own. Written to, it would have changed the tensor in eager."""
        real = self.value(fake, read)
        with outside_modes():
            memory = real.clone()  # `real` is a constant of the assertion
            array = getattr(memory, read)(*args, **kwargs)
        asserted = real.numel() <= BY_CONSTANT
        told = ComputedOutside(what="a NumPy array of its memory, written to", asserted=asserted, **here(3))
        self.shared_memory.lend(fake, memory, told, weakref.ref(array))
        return array

    def _assert_equal(self, fake: torch.Tensor, real: torch.Tensor) -> Any:
        """Asserts the data once; returns the condition."""
        handle = self.context.tape.handle(fake)
        assert handle is not None
        self.context.scopes.visit()
        key = (id(handle), id(handle.cell.version), id(self.context.scopes.current))
        if key not in self._asserted:
            self._keep.append((handle, handle.cell.version))
            self._asserted[key] = assert_data(fake.detach(), real)
        return self._asserted[key]


def _fake_in(value: Any) -> bool:
    if isinstance(value, FakeTensor):
        return True
    if isinstance(value, (list, tuple)):
        return any(_fake_in(v) for v in value)
    return False


def _numbers_for_sizes(args: Any) -> Any:
    """The arguments with integer scalars among sizes as numbers, as eager reads them; None if there are none."""
    found = False

    def plain(value: Any, top: bool) -> Any:
        nonlocal found
        if isinstance(value, FakeTensor) and not top and value.dim() == 0 and not value.dtype.is_floating_point:
            found = True
            return int(value.item())
        if isinstance(value, (list, tuple)) and type(value) in (list, tuple, torch.Size):
            return [plain(v, False) for v in value]
        return value

    made = [plain(a, index == 0 and isinstance(a, FakeTensor) and a.dim() > 0) for index, a in enumerate(args)]
    return made if found else None


def _brief(real: torch.Tensor) -> str:
    with outside_modes():
        if real.numel() > BY_VALUE:
            return f"{real.numel()} elements"
        return str(real.tolist())


# -- handlers: one per way of reading ------------------------------------------------------------------------------


def _equal(_mode: HostReads, args: Any, _kwargs: Any) -> Any:
    left, right = args[0], args[1]
    if left.dim() != right.dim() or not all(bool(a == b) for a, b in zip(left.shape, right.shape, strict=True)):
        return False
    return bool((left == right).all())


def _allclose(_mode: HostReads, args: Any, kwargs: Any) -> Any:
    return bool(torch.isclose(*args, **kwargs).all())


def _numpy(mode: HostReads, args: Any, kwargs: Any) -> Any:
    return mode.array(args[0], "numpy", *args[1:], **kwargs)


def _array(mode: HostReads, args: Any, kwargs: Any) -> Any:
    return mode.array(args[0], "__array__", *args[1:], **kwargs)


def _tolist(mode: HostReads, args: Any, _kwargs: Any) -> Any:
    fake = args[0]
    count = fake.numel()
    if not fake.dtype.is_floating_point and not fake.dtype.is_complex and isinstance(count, int) and count <= BY_VALUE:
        return _items(fake)
    real = mode.value(fake, "tolist")
    with outside_modes():
        return real.tolist()


def _items(fake: Any) -> Any:
    if fake.dim() == 0:
        return fake.item()
    return [_items(row) for row in fake.unbind(0)]


def _item(mode: HostReads, args: Any, _kwargs: Any) -> Any:
    fake = args[0]
    if not fake.dtype.is_complex:
        return torch.Tensor.item(fake)
    real = mode.value(fake, "item")
    with outside_modes():
        return real.item()


def _int(_mode: HostReads, args: Any, _kwargs: Any) -> Any:
    """Through a symbol: what is asserted then are the numbers that convert to this one. Upstream asks for the float
    itself, and a float is asserted up to rounding, which may reach past a whole number.
    """
    fake = args[0]
    return int(torch.Tensor.item(fake)) if fake.dtype.is_floating_point else torch.Tensor.__int__(fake)


def _repr(mode: HostReads, args: Any, kwargs: Any) -> Any:
    if user_frame_calls() is None:
        return torch.Tensor.__repr__(*args, **kwargs)
    real = mode.value(args[0], "__repr__")
    with outside_modes():
        return real.__repr__()


def _format(mode: HostReads, args: Any, kwargs: Any) -> Any:
    if user_frame_calls() is None:
        return torch.Tensor.__format__(*args, **kwargs)
    real = mode.value(args[0], "__format__")
    with outside_modes():
        return real.__format__(*args[1:])


def user_frame_calls() -> Any:
    """The user's frame if it is the one that asked, None if torch formats a tensor for a message of its own.

    Between it and the handler stand Tensor's own method and the handlers of other function modes, again and again.
    """
    frame: Any = sys._getframe(2)
    while frame is not None and _passes_on(frame.f_code):
        frame = frame.f_back
    return frame if frame is innermost_user_frame(2) else None


def _passes_on(code: CodeType) -> bool:
    passes = code.co_name in ("__torch_function__", "run", "_override") or is_library(code)
    return is_framework(code) and (passes or _on_the_way(code.co_filename))


def _on_the_way(file: str) -> bool:
    return file in files.TENSOR_METHODS or is_transparent(file)


def _deepcopy(_mode: HostReads, args: Any, _kwargs: Any) -> Any:
    return deep_copied(args[0], args[1])


def _reduce(mode: HostReads, args: Any, _kwargs: Any) -> Any:
    if being_copied():
        return torch.ops.aten.alias.default, (args[0],)
    real = mode.value(args[0], "pickle")
    with outside_modes():
        return reduced(real)


def _data_ptr(mode: HostReads, args: Any, _kwargs: Any) -> Any:
    return mode.shared_memory.address(args[0])


def _tensor_split(mode: HostReads, args: Any, kwargs: Any) -> Any:
    given = dict(zip(("self", "indices", "dim"), args, strict=False)) | kwargs
    indices = given.get("tensor_indices_or_sections", given.get("indices", given.get("indices_or_sections")))
    if isinstance(indices, torch.Tensor):
        real = mode.value(indices, "tensor_split")
        with outside_modes():
            indices = real.tolist()
    return torch.tensor_split(given.get("self", given.get("input")), indices, dim=given.get("dim", 0))


def _set_data(mode: HostReads, args: Any, _kwargs: Any) -> Any:
    """`y.data = z`: from here on `y` is another look at `z`, in the graph and on the tape."""
    target, source = args[0], args[1].detach()
    if not isinstance(target, FakeTensor) and not is_tracked(target):
        raise RuntimeError("a tensor that is no part of the model gets other memory")
    if mode.context.tape.is_users(target):
        mode.context.user.note_rebinding(target, shared=mode.context.tape.is_shared(target))
    retarget(target, source)
    handle = mode.context.tape.handle(source)
    if handle is not None:
        mode.context.tape.place(target, handle)


_SHOWING = {"__repr__", "__format__"}
_SHARING = {torch.Tensor.numpy, torch.Tensor.__array__}
PLAIN_READS = {*_SHARING, torch.Tensor.tolist, torch.Tensor.__repr__, torch.Tensor.__format__}
"""Reads that return no tensor. Of a constant they are answered as they are: under the modes of a trace the real tensor
would pass for a fake one."""

HANDLERS: dict[Any, Handler] = {
    torch.equal: _equal,
    torch.Tensor.equal: _equal,
    torch.allclose: _allclose,
    torch.Tensor.allclose: _allclose,
    torch.Tensor.numpy: _numpy,
    torch.Tensor.__array__: _array,
    torch.Tensor.tolist: _tolist,
    torch.Tensor.item: _item,
    torch.Tensor.__int__: _int,
    torch.Tensor.__repr__: _repr,
    torch.Tensor.__format__: _format,
    torch.Tensor.__deepcopy__: _deepcopy,
    torch.Tensor.__reduce_ex__: _reduce,
    torch.Tensor.data_ptr: _data_ptr,
    torch.Tensor.data.__get__: lambda _mode, args, _kwargs: args[0].detach(),
    torch.Tensor.data.__set__: _set_data,
    torch.tensor_split: _tensor_split,
    torch.Tensor.tensor_split: _tensor_split,
}

PACKING: dict[str, Handler] = {
    name + suffix: handler
    for suffix in ("", ".default")
    for name, handler in (
        ("_pack_padded_sequence", pack_padded_sequence),
        ("_pad_packed_sequence", pad_packed_sequence),
    )
}
"""By name: they reach us as functions of `torch._VF` or as operators. torch's own kernels read the lengths in C++."""
