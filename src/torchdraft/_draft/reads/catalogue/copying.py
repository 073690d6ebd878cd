"""Reads of a tensor's data by `copy`, `pickle`, `torch.save` and `torch.load`. They use the tensor's storage, and no
graph can contain a storage.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import torch

from torchdraft._stack.frame_kinds import is_framework
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._torch import pytree
from torchdraft._torch.dispatch import outside_modes, outside_tracing, without_fake_mode
from torchdraft._torch.patching.registry import patches
from torchdraft._torch.patching.scopes import RECORDED_RUN, TRACE

from ..registry import RecordedRun, SymbolicTrace, host_read

acts_for_caller(__file__)


@host_read(torch.Tensor.__deepcopy__, asserted=False, why="The method copies the storage.")
def deepcopy(_trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`copy.deepcopy(x)`: a clone, which is an operation of the graph."""
    return _clone(*args)


@deepcopy.recorded
def _deepcopy_recorded(_run: RecordedRun, args: Any, _kwargs: Any) -> Any:
    return _clone(*args)


def _clone(tensor: torch.Tensor, memo: dict[int, Any]) -> torch.Tensor:
    if id(tensor) not in memo:
        memo[id(tensor)] = tensor.detach().clone().requires_grad_(tensor.requires_grad)
    copied: torch.Tensor = memo[id(tensor)]
    return copied


@host_read(torch.Tensor.__reduce_ex__, why="The method gives the storage to the pickler.")
def reduce_ex(trace: SymbolicTrace, args: Any, _kwargs: Any) -> Any:
    """`pickle.dumps(x)` and `copy.copy(x)`."""
    if _in_shallow_copy():
        return _same_storage(args[0])
    real = trace.value(args[0], "pickle")
    with outside_modes():
        return _reduced(real)


@reduce_ex.recorded
def _reduce_ex_recorded(_run: RecordedRun, args: Any, _kwargs: Any) -> Any:
    if _in_shallow_copy():
        return _same_storage(args[0])
    with outside_tracing():
        return _reduced(args[0].detach().clone())


def _in_shallow_copy() -> bool:
    """Whether the caller of the read is `copy.copy`, which makes a second tensor with the same storage."""
    frame: Any = sys._getframe(2)
    while frame is not None and is_framework(frame.f_code):  # the handlers of the function modes lie between
        if frame.f_code.co_name == "copy" and frame.f_code.co_filename == copy.__file__:
            return True
        frame = frame.f_back
    return False


def _same_storage(tensor: torch.Tensor) -> Any:
    return torch.ops.aten.alias.default, (tensor,)


def _reduced(real: torch.Tensor) -> Any:
    """The result of `__reduce_ex__`, with the data as bytes in the place of a storage."""
    if real.layout is not torch.strided:
        return real.__reduce_ex__(2)
    data = real.reshape(-1).view(torch.uint8).numpy().tobytes() if real.numel() else b""
    return rebuilt, (data, real.dtype, tuple(real.shape))


def rebuilt(data: bytes, dtype: torch.dtype, shape: tuple[int, ...]) -> torch.Tensor:
    """The tensor that `pickle.loads` returns: a constant of the program."""
    with outside_modes():
        if data:
            real = torch.frombuffer(bytearray(data), dtype=dtype).reshape(shape).clone()
        else:
            real = torch.empty(shape, dtype=dtype)
    return torch.ops.aten.lift_fresh_copy.default(real)


@patches(
    "torch:save",
    scope=(TRACE, RECORDED_RUN),
    why="`torch.save` writes the storages of tensors. A fake tensor's storage has no data, and a read of a recorded "
    "tensor's data must be asserted.",
)
def saved_tensors_read(original: Any, read_saved: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Saves `read_saved(tensor)` in the place of each tensor."""

    def save(obj: Any, *args: Any, **kwargs: Any) -> None:
        obj = pytree.tree_map_only(torch.Tensor, read_saved, obj)
        with outside_modes():
            original(obj, *args, **kwargs)

    return save


@patches(
    "torch:load",
    scope=(TRACE, RECORDED_RUN),
    why="`torch.load` under a fake mode returns fake tensors without data.",
    upstream="torch._utils._rebuild_tensor",
)
def loaded_tensors_real(original: Any) -> Any:
    """Loads real tensors, which become constants of the program."""

    def load(*args: Any, **kwargs: Any) -> Any:
        with without_fake_mode():
            return original(*args, **kwargs)

    return load
