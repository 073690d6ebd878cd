"""Runs the model eagerly on private copies, and a program beside it."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from torchdraft._draft.prepare.outputs import iterators_materialized
from torchdraft._draft.state.snapshot import Snapshot
from torchdraft._torch import pytree
from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.tensors.copies import copy_preserving_aliasing

if TYPE_CHECKING:
    from torchdraft._draft.tracing.request import Request


class ModelRaised(Exception):
    """The model itself raises on the example inputs; `error` is its own exception."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


def has_data(request: Request) -> bool:
    """Whether the model can run at all: none of its tensors or inputs is fake or on the meta device."""
    tensors = [*request.mod.parameters(), *request.mod.buffers()]
    tensors += [t for t in pytree.tree_leaves((request.args, dict(request.kwargs))) if isinstance(t, torch.Tensor)]
    return not any(isinstance(t, FakeTensor) or t.device.type == "meta" for t in tensors)


def run_eagerly(mod: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], snapshot: Snapshot) -> Any:
    """The model's own output on copies of the example. Raises `ModelRaised` with the model's own exception."""
    handled = sys.exception()
    snapshot.restore_random()
    buffers, parameters = dict(mod.named_buffers(remove_duplicate=False)), mod.named_parameters(remove_duplicate=False)
    copies = copy_preserving_aliasing({**buffers, **dict(parameters)})  # together: they may share storage
    as_such: dict[int, torch.nn.Parameter] = {}
    for name in copies.keys() - buffers.keys():
        copied = copies[name]
        copies[name] = as_such.setdefault(id(copied), torch.nn.Parameter(copied, copied.requires_grad))
    args, kwargs = copy_preserving_aliasing((args, dict(kwargs)))
    try:
        return iterators_materialized(torch.func.functional_call(mod, copies, args, kwargs, tie_weights=False))
    except Exception as error:
        without_context(error, handled)
        raise ModelRaised(error) from None
    finally:
        snapshot.restore()


def without_context(error: BaseException, handled: BaseException | None) -> None:
    """Takes `handled`, which was being handled when the model ran, out of what Python says `error` came from."""
    inner: BaseException | None = error
    while inner is not None and handled is not None:
        if inner.__context__ is handled:
            inner.__context__ = None
        inner = inner.__context__


def mismatch(got: Any, want: Any) -> str:
    """What differs between a program's output and eager's; empty where they agree.

    Values may differ by rounding: export replays the same kernels, but fused ones can split differently.
    """
    got_leaves, got_spec = pytree.tree_flatten(got)
    want_leaves, want_spec = pytree.tree_flatten(want)
    if len(got_leaves) != len(want_leaves):
        return f"{len(got_leaves)} outputs, eager returns {len(want_leaves)}"
    if pytree.outline(got_spec) != pytree.outline(want_spec):
        return f"outputs in the structure {got_spec}, eager returns {want_spec}"
    for index, (have, wish) in enumerate(zip(got_leaves, want_leaves, strict=True)):
        found = _leaf_mismatch(have, wish)
        if found:
            return f"output {index}: {found}"
    return ""


def _leaf_mismatch(have: Any, wish: Any) -> str:
    if not isinstance(wish, torch.Tensor):
        if isinstance(wish, float) and isinstance(have, float) and math.isnan(wish) and math.isnan(have):
            return ""
        simple = isinstance(wish, (int, float, bool, str, type(None)))
        return "" if not simple or have == wish else f"{have!r}, eager returns {wish!r}"
    if not isinstance(have, torch.Tensor):
        return f"{type(have).__name__}, eager returns a tensor"
    if isinstance(have, FakeTensor):
        return "a fake tensor: computation that the tracer did not see"
    if have.shape != wish.shape or have.dtype != wish.dtype:
        return f"{have.dtype} {list(have.shape)}, eager returns {wish.dtype} {list(wish.shape)}"
    if have.device.type == "meta" or wish.device.type == "meta":
        return ""
    have, wish = have.detach(), wish.detach()
    if have.layout is not torch.strided:
        have, wish = have.to_dense(), wish.to_dense()
    try:
        torch.testing.assert_close(have, wish, equal_nan=True, rtol=1e-3, atol=1e-4)
    except AssertionError as error:
        return " ".join(str(error).split())[:200]
    return ""
