"""Custom operators with correct, missing, wrong and raising fake kernels."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.library.custom_op("fuzz::scale", mutates_args=())
def scale(x: Tensor, factor: float) -> Tensor:
    """With a good fake kernel."""
    return x * factor


@scale.register_fake
def _(x: Tensor, factor: float) -> Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("fuzz::shift", mutates_args=())
def shift(x: Tensor, by: Tensor | None = None) -> Tensor:
    """Without a fake kernel, and with an optional argument."""
    return x + 0.5 if by is None else x + by.mean().to(x.dtype)


@torch.library.custom_op("fuzz::keep_positive", mutates_args=())
def keep_positive(x: Tensor) -> Tensor:
    """Without a fake kernel, the size of the result depends on values."""
    flat = x.reshape(-1)
    return flat[flat > 0].clone()


@torch.library.custom_op("fuzz::halves", mutates_args=())
def halves(x: Tensor) -> list[Tensor]:
    """Without a fake kernel, returns a list."""
    return [x * 0.5, x.sum().reshape(1)]


@torch.library.custom_op("fuzz::bump_", mutates_args=("x",))
def bump_(x: Tensor) -> None:
    """Writes its argument, returns nothing."""
    x.add_(1)


@torch.library.custom_op("fuzz::bump_and_sum_", mutates_args=("x",))
def bump_and_sum_(x: Tensor) -> Tensor:
    """Writes its argument without a fake kernel, returns something."""
    x.add_(1)
    return x.sum()


@torch.library.custom_op("fuzz::positives", mutates_args=())
def positives(x: Tensor) -> int:
    """Returns a Python number, without a fake kernel."""
    return int((x > 0).sum())


@torch.library.custom_op("fuzz::flip", mutates_args=())
def flip(x: Tensor) -> Tensor:
    """Its fake kernel gives a wrong shape."""
    return x.reshape(-1).flip(0).clone()


@flip.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("fuzz::widen", mutates_args=())
def widen(x: Tensor) -> Tensor:
    """Its fake kernel gives a wrong dtype."""
    return x.double()


@widen.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


@torch.library.custom_op("fuzz::turn", mutates_args=())
def turn(x: Tensor) -> Tensor:
    """Its fake kernel gives wrong strides; the result is not contiguous."""
    return x.t().contiguous().t() if x.dim() == 2 else x.clone()


@turn.register_fake
def _(x: Tensor) -> Tensor:
    return x.new_empty(x.shape)


@torch.library.custom_op("fuzz::window", mutates_args=())
def window(x: Tensor) -> Tensor:
    """Without a fake kernel; the result starts inside its storage."""
    return torch.cat([x.reshape(-1), x.reshape(-1)])[1:]


@torch.library.custom_op("fuzz::grumpy", mutates_args=())
def grumpy(x: Tensor) -> Tensor:
    """Its fake kernel raises."""
    return x.abs() + 0.25


@grumpy.register_fake
def _(x: Tensor) -> Tensor:
    raise ValueError("this fake kernel always raises")
