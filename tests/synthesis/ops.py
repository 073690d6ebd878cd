"""Operators without a fake kernel, or with a wrong one."""

from __future__ import annotations

import os
import time

import torch
import torch.nn.functional as F
from torch import Tensor

NAMESPACE = "torchdraft_synthesis"


def own(x: Tensor) -> Tensor:
    return x.clone(memory_format=torch.contiguous_format)


@torch.library.custom_op(f"{NAMESPACE}::matmul", mutates_args=())
def matmul(x: Tensor, y: Tensor) -> Tensor:
    return x @ y


@torch.library.custom_op(f"{NAMESPACE}::conv", mutates_args=())
def conv(x: Tensor, w: Tensor, stride: int, padding: int) -> Tensor:
    return own(F.conv1d(x, w, None, stride, padding))


@torch.library.custom_op(f"{NAMESPACE}::joined", mutates_args=())
def joined(xs: list[Tensor], dim: int) -> Tensor:
    return own(torch.cat(xs, dim))


@torch.library.custom_op(f"{NAMESPACE}::nonzero", mutates_args=())
def nonzero(x: Tensor) -> Tensor:
    return torch.nonzero(x)


@torch.library.custom_op(f"{NAMESPACE}::scaled", mutates_args=())
def scaled(x: Tensor, bias: Tensor | None, up: bool, mode: str = "plain") -> tuple[Tensor, int]:
    out = x.double() if up else x.clone()
    return (out if bias is None else out + bias), x.shape[0] * 2


@torch.library.custom_op(f"{NAMESPACE}::halves", mutates_args=())
def halves(xs: list[Tensor]) -> list[Tensor]:
    return [own(x[: x.shape[0] // 2]) for x in xs]


@torch.library.custom_op(f"{NAMESPACE}::lying", mutates_args=())
def lying(x: Tensor) -> Tensor:
    return own(x[::2])


@lying.register_fake
def _(x: Tensor) -> Tensor:
    return x.new_empty((x.shape[0] // 2, *x.shape[1:]))  # right for even sizes


@torch.library.custom_op(f"{NAMESPACE}::honest", mutates_args=())
def honest(x: Tensor) -> Tensor:
    return x.clone()


@honest.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


@torch.library.custom_op(f"{NAMESPACE}::crashing", mutates_args=())
def crashing(x: Tensor) -> Tensor:
    if x.dim() and x.shape[0] > 6:
        os._exit(3)
    return x + 1


@torch.library.custom_op(f"{NAMESPACE}::hanging", mutates_args=())
def hanging(x: Tensor) -> Tensor:
    if x.dim() and x.shape[0] == 5:
        time.sleep(60)
    return x + 1


@torch.library.custom_op(f"{NAMESPACE}::greedy", mutates_args=())
def greedy(x: Tensor) -> Tensor:
    if x.dim() and x.shape[0] == 4:
        torch.ones(1 << 33)
    return x + 1


@torch.library.custom_op(f"{NAMESPACE}::leaving", mutates_args=())
def leaving(x: Tensor) -> Tensor:
    if x.dim() and x.shape[0] == 3:
        raise SystemExit(1)
    return x + 1


@torch.library.custom_op(f"{NAMESPACE}::in_place", mutates_args=("x",))
def in_place(x: Tensor) -> Tensor:
    x.add_(1)
    return x.sum(0)


@torch.library.custom_op(f"{NAMESPACE}::odd", mutates_args=())
def odd(x: Tensor) -> Tensor:
    """A size that follows no rule that torchdraft looks for."""
    count = x.shape[0]
    return x.new_zeros((count * count * count * 7 % 11 + 1,))


@torch.library.custom_op(f"{NAMESPACE}::differentiable", mutates_args=())
def differentiable(x: Tensor) -> Tensor:
    return x.exp()


differentiable.register_autograd(
    lambda ctx, grad: grad * ctx.saved_tensors[0],
    setup_context=lambda ctx, inputs, output: ctx.save_for_backward(output),
)


@torch.library.custom_op(f"{NAMESPACE}::resized", mutates_args=())
def resized(x: Tensor, scale: float) -> Tensor:
    return x.new_zeros((int(x.shape[0] * scale),))


@torch.library.custom_op(f"{NAMESPACE}::leaky", mutates_args=())
def leaky(x: Tensor, slope: float) -> Tensor:
    return F.leaky_relu(x, slope)


@torch.library.custom_op(f"{NAMESPACE}::chosen", mutates_args=())
def chosen(x: Tensor, keep: list[bool], names: str) -> Tensor:
    return x.new_zeros((x.shape[0] * sum(keep) + len(names),))


@torch.library.custom_op(f"{NAMESPACE}::only_three", mutates_args=())
def only_three(x: Tensor, count: int) -> Tensor:
    if count not in (3, 100):
        raise ValueError("count")
    return x.new_zeros((x.shape[0] * count,))


library = torch.library.Library(NAMESPACE, "FRAGMENT")
library.define("packed(Tensor x, int[2] sizes, SymInt n, *, float scale=1.0, Tensor? y=None) -> Tensor")
library.impl(
    "packed",
    lambda x, sizes, n, *, scale=1.0, y=None: x.new_zeros((n, sizes[0] + sizes[1])) * scale,
    "CPU",
)
library.define("flipped(Tensor(a) x) -> Tensor(a)")
library.impl("flipped", lambda x: x.transpose(0, 1), "CompositeExplicitAutograd")


@torch.library.triton_op(f"{NAMESPACE}::tripled", mutates_args={})
def tripled(x: Tensor) -> Tensor:
    return torch.cat([x, x, x])


@torch.library.custom_op(f"{NAMESPACE}::blended", mutates_args=())
def blended(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """The batch dimensions of three tensors are broadcast; the last one is that of `z`."""
    return own((x @ y) @ z)


COMPOSITE = torch.library.Library(f"{NAMESPACE}_composite", "DEF")
COMPOSITE.define("halves(Tensor x) -> Tensor")
COMPOSITE.impl("halves", lambda x: x[: int(x.shape[0]) // 2].clone(), "CompositeImplicitAutograd")
