"""Branches of which one side raises. On inputs that reach it, the program has to raise as well."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..registry import Call, dynamic, model, negative, noise, number, positive

UP, DOWN = positive(4, 3), negative(4, 3)


@model(Call(UP), Call(UP * 5), Call(positive(4, 3, seed=1)), refused=(Call(DOWN),))
class RaisesWhenNegative(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.min() < 0:
            raise ValueError("x has negative elements")
        return x.sqrt()


@model(Call(UP), Call(UP * 50), Call(UP / 9), refused=(Call(DOWN),))
class AssertedThenBranched(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        assert (x > 0).all(), "positive elements expected"
        if x.max() > 10:
            return x / x.max()
        return x.log()


@model(Call(UP, number(1)), Call(UP, number(2)), Call(DOWN, number(1)), refused=(Call(UP, number(3)),))
class UnknownMode(nn.Module):
    def forward(self, x: Tensor, mode: Tensor) -> Tensor:
        if mode == 1:
            return x * 2
        if mode == 2:
            return x + 2
        raise NotImplementedError("mode is 1 or 2")


@model(Call(UP), Call(DOWN), Call(UP * 2), refused=(Call(DOWN * 100),))
class RaisesInNestedSide(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x * 2
        if x.min() < -50:
            raise RuntimeError("out of range")
        return x.abs()


@model(Call(noise(4, 3)), Call(noise(9, 3)), Call(noise(2, 3)), refused=(Call(noise(40, 3)),), shapes=dynamic("x"))
class TooManyRows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] > 32:
            raise ValueError("at most 32 rows")
        return x.cumsum(0)


@model(
    Call(torch.tensor([1, 2])),
    Call(torch.tensor([5, 0])),
    Call(torch.tensor([3, 3])),
    refused=(Call(torch.tensor([1, 9])),),
)
class IdsInRange(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(6, 3)

    def forward(self, ids: Tensor) -> Tensor:
        if not bool(((ids >= 0) & (ids < 6)).all()):
            raise IndexError("unknown id")
        if ids[0] == ids[1]:
            return self.embedding(ids[0])
        return self.embedding(ids).sum(0)
