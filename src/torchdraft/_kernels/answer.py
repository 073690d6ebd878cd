"""Answers for an operator torch has no fake kernel for, from one real run on the example's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from .._torch.fake import allocate_size, is_builtin
from .._trace.events import KernelMissing
from .._trace.stacks import user_stack

if TYPE_CHECKING:
    from .._reals.tape import Record
    from .._trace.mode import DraftMode


def answer_for(mode: DraftMode, record: Record, args: Any, kwargs: Any, error: Exception) -> Any:
    """Fake outputs for the op of `record`, inferred from its real outputs.

    Raises `error` where the op cannot be run for real either.
    """
    session = mode.session
    assert session is not None
    real = session.reals.run_now(record)
    if not is_builtin(record.func):
        session.emit(KernelMissing(stack=user_stack(3), op=str(record.func), reason=str(error)))
    return infer(mode, real, args, kwargs, record)


def infer(mode: DraftMode, real: Any, args: Any, kwargs: Any, record: Record) -> Any:
    """Fake counterparts of real outputs: same rank, dtype and device, every size a fresh unbacked symbol."""
    if isinstance(real, torch.Tensor):
        return _fake_tensor(mode, real)
    if isinstance(real, (list, tuple)):
        made = [infer(mode, r, args, kwargs, record) for r in real]
        return made if isinstance(real, list) else tuple(made)
    if isinstance(real, bool):
        return mode.shape_env.create_unbacked_symbool()
    if isinstance(real, int):
        return mode.shape_env.create_unbacked_symint()
    if isinstance(real, float):
        return mode.shape_env.create_unbacked_symfloat()
    return real


def _fake_tensor(mode: DraftMode, real: torch.Tensor) -> Any:
    env = mode.shape_env
    sizes = [allocate_size(env) for _ in real.shape]
    with mode:
        if real.layout is not torch.strided:
            return torch.empty(sizes, dtype=real.dtype, device=real.device, layout=real.layout)
        return torch.empty_strided(sizes, _strides(real, sizes), dtype=real.dtype, device=real.device)


def _strides(real: torch.Tensor, sizes: list[Any]) -> list[Any]:
    """Strides in the order of the real ones, as if dense: what the op does on other sizes cannot be known."""
    order = sorted(range(real.dim()), key=lambda d: (real.stride(d), -d))
    strides: list[Any] = [0] * real.dim()
    expected: Any = 1
    for dim in order:
        if real.stride(dim) == 0 and real.shape[dim] > 1:
            continue  # an expanded dimension
        strides[dim] = expected
        expected = expected * sizes[dim]
    return strides
