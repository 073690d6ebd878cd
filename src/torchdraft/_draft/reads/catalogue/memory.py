"""Reads that give access to a tensor's memory: NumPy arrays, addresses, `x.data`."""

from __future__ import annotations

import weakref
from typing import Any

import torch

from torchdraft._stack.transparent import acts_for_caller
from torchdraft._stack.user_stack import here
from torchdraft._torch.dispatch import is_tracked, outside_modes, retarget
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft.model.events import ComputedOutside

from ..asserted import BY_CONSTANT
from ..registry import RecordedRun, SymbolicTrace, host_read

acts_for_caller(__file__)

_NO_DATA = "A fake tensor has no memory."

host_read(torch.Tensor.__dlpack__, why="Another library reads the memory of the recorded run.")


@host_read(torch.Tensor.numpy, shares_memory=True, constant_as_is=True, why=_NO_DATA)
def numpy(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`x.numpy()`."""
    return _array(trace, "numpy", args, kwargs)


@host_read(torch.Tensor.__array__, shares_memory=True, constant_as_is=True, why=_NO_DATA)
def as_array(trace: SymbolicTrace, args: Any, kwargs: Any) -> Any:
    """`numpy.asarray(x)`."""
    return _array(trace, "__array__", args, kwargs)


def _array(trace: SymbolicTrace, read: str, args: Any, kwargs: Any) -> Any:
    """The real data as a NumPy array with separate memory. In eager, writes to the array change the tensor."""
    fake, *options = args
    real = trace.value(fake, read)
    with outside_modes():
        memory = real.clone()  # `real` is a constant of the assertion
        array = getattr(memory, read)(*options, **kwargs)
    asserted = real.numel() <= BY_CONSTANT
    event = ComputedOutside(what="a NumPy array of its memory, written to", asserted=asserted, **here())
    trace.shared_memory.share(fake, memory, event, weakref.ref(array))
    return array


@host_read(torch.Tensor.data_ptr, asserted=False, why="Native code reads and writes at the address.")
def data_ptr(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`x.data_ptr()`."""
    return trace.shared_memory.address(args[0])


@data_ptr.recorded
def _data_ptr_recorded(run: RecordedRun, args: Any, _kwargs: Any) -> Any:
    return run.shared_memory.address(args[0])


@host_read(
    torch.Tensor.data.__get__,
    asserted=False,
    why="The getter bypasses the dispatcher. `x.detach()` is the same tensor, made by an operation.",
)
def data(_trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`x.data`."""
    return args[0].detach()


@data.recorded
def _data_recorded(_run: RecordedRun, args: Any, _kwargs: Any) -> Any:
    return args[0].detach()


@host_read(
    torch.Tensor.data.__set__,
    asserted=False,
    why="Upstream changes the tensor, but neither its node in the graph nor its record on the tape.",
)
def set_data(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`x.data = y`: `x` is an alias of `y` from then on, in the graph and on the tape."""
    target, source = args[0], args[1].detach()
    if not isinstance(target, FakeTensor) and not is_tracked(target):
        raise RuntimeError("a tensor that is no part of the model gets other memory")
    tape = trace.context.tape
    if tape.is_users(target):
        trace.context.user.note_rebinding(target, shared=tape.is_shared(target))
    retarget(target, source)
    handle = tape.handle(source)
    if handle is not None:
        tape.place(target, handle)


@set_data.recorded
def _set_data_recorded(run: RecordedRun, args: Any, _kwargs: Any) -> Any:
    run.set_data(args[0], args[1])
