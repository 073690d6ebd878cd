"""Branches on dynamic sizes, and on sizes that depend on data."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

from ..registry import Call, dynamic, model, negative, noise, positive

ROWS = dynamic("x")
SIZES = tuple(Call(noise(n, 4)) for n in (12, 5, 10, 11))


@model(*SIZES, shapes=ROWS)
class LongOrShort(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] > 10:
            return x.mean(0)
        return x.sum(0)


@model(*SIZES, shapes=ROWS)
class OddOrEven(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] % 2:
            x = torch.cat([x, x[-1:]])
        return x.view(-1, 2, 4).sum(1)


@model(Call(noise(3, 8)), Call(noise(3, 9)), Call(noise(3, 16)), Call(noise(3, 2)), shapes=dynamic("x", dims=(1,)))
class PaddedWhenNeeded(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        missing = -x.shape[1] % 8
        if missing > 0:
            x = F.pad(x, (0, missing))
        return x.reshape(3, -1, 8).mean(1)


@model(*SIZES, Call(noise(16, 4)), shapes=ROWS)
class ThreeBuckets(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[0]
        if n <= 5:
            return x.sum(0)
        if n <= 11:
            return x.mean(0)
        return x.amax(0) * n


@model(Call(noise(4, 6)), Call(noise(6, 4)), Call(noise(5, 5)), shapes=dynamic("x", dims=(0, 1)))
class WiderThanTall(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] > x.shape[0]:
            x = x.t()
        return x.sum(0).max() - x.sum(1).min()


@model(Call(noise(5, 3)), Call(noise(1, 3)), Call(noise(2, 3)), shapes=ROWS)
class SingleRow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] == 1:
            return x[0]
        return x.std(0)


@model(
    Call(noise(5, 3), noise(5, 3)),
    Call(noise(5, 3), noise(2, 3)),
    Call(noise(3, 3), noise(7, 3)),
    shapes=dynamic("x", "y"),
)
class OfOneLength(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if x.shape == y.shape:
            return (x - y).sum(0)
        return x.sum(0) - y.sum(0)


@model(*SIZES, Call(noise(3, 4)), shapes=ROWS)
class ShortReturnsEarly(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if len(x) < 4:
            return x
        return x - x.mean(0)


@model(Call(noise(6, 2), 4), Call(noise(6, 2), 1), Call(noise(9, 2), 8), shapes={"x": {0: Dim.AUTO}, "n": Dim.AUTO})
class OnIntegerArgument(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        if n > 3:
            return x * n
        return x + n


@model(Call(positive(8, 2)), Call(negative(3, 2)), Call(positive(3, 2)), Call(negative(8, 2)), shapes=ROWS)
class SizeThenValue(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] > 5 and x.sum() > 0:
            return x * 2
        return x + x.shape[0]


@model(Call(noise(8, 2)), Call(noise(20, 2)), Call(noise(3, 2)), Call(noise(16, 2)), shapes=ROWS)
class Truncated(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        limit = 16 if x.shape[0] > 10 else 4
        return x[-limit:].cumsum(0)


@model(Call(noise(9)), Call(positive(9)), Call(negative(9)), Call(noise(9, seed=4)))
class SizeOfMask(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        found = x[x > 0]
        if found.shape[0] % 2 == 0:
            return found.sum() * 2
        return found.sum()
