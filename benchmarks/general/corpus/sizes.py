"""Numbers computed from dynamic sizes by int, round, min, max and math. No branch depends on them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

from ..registry import Call, dynamic, model, noise

ROWS = dynamic("x")
SIZES = tuple(Call(noise(n, 3)) for n in (7, 4, 10, 5))
WIDTHS = tuple(Call(noise(2, n)) for n in (16, 9, 25, 4))


@model(*SIZES, shapes=ROWS)
class HalfAsInt(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[: int(x.shape[0] / 2)]


@model(*WIDTHS, shapes=dynamic("x", dims=(1,)))
class RootAsScale(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / math.sqrt(x.shape[-1]) + x.shape[-1] ** -0.5


@model(*WIDTHS, shapes=dynamic("x", dims=(1,)))
class SquareGrid(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        side = int(x.shape[1] ** 0.5)
        return x.view(-1, side, side).transpose(1, 2)


@model(Call(noise(1, 2, 5, 8)), Call(noise(1, 2, 9, 4)), Call(noise(1, 2, 6, 6)), shapes=dynamic("x", dims=(2, 3)))
class ScaledImage(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        size = math.ceil(x.shape[2] * 1.5), round(x.shape[3] * 0.7)
        return F.interpolate(x, size=size, mode="nearest")


@model(*SIZES, shapes=ROWS)
class RoundedShare(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[: max(round(x.shape[0] * 0.3), 1)].sum(0)


@model(*WIDTHS, Call(noise(2, 8)), shapes=dynamic("x", dims=(1,)))
class PaddedToMultiple(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, -x.shape[1] % 8)).view(x.shape[0], -1, 8).sum(1)


@model(*SIZES, shapes=ROWS)
class NumberOfChunks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.new_ones(math.ceil(x.shape[0] / 4), 2) * x.mean()


@model(*WIDTHS, shapes=dynamic("x", dims=(1,)))
class LevelsOfPyramid(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.new_ones(int(math.log2(x.shape[1]))) * x.mean()


@model(
    Call(noise(5, 3), noise(7, 3)),
    Call(noise(9, 3), noise(4, 3)),
    Call(noise(6, 3), noise(6, 3)),
    shapes=dynamic("x", "y"),
)
class ShorterOfTwo(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        n = min(x.shape[0], y.shape[0])
        return x[:n] + y[:n]


@model(Call(noise(2, 3, 12)), Call(noise(2, 3, 7)), Call(noise(2, 3, 20)), shapes=dynamic("x", dims=(2,)))
class PooledToHalf(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(x, x.shape[-1] // 2)


@model(Call(noise(6, 3), 2), Call(noise(6, 3), 5), Call(noise(9, 3), 3), shapes={"x": {0: Dim.AUTO}, "n": Dim.AUTO})
class CountAsArgument(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        return x[: int(n * 1.5)] * math.sqrt(n)


@model(*SIZES, shapes=ROWS)
class SlopesOfSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[0]
        slopes = torch.linspace(1 / n, 1, n)
        return x * slopes[:, None] + float(n)


@model(*SIZES, shapes=ROWS)
class SlidingWindows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        width = max(x.shape[0] // 3, 1)
        return F.avg_pool1d(x.t(), 3, stride=1).sum() + x[:width].sum(0)


@model(*WIDTHS, shapes=dynamic("x", dims=(1,)))
class BandwidthOfSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[1]
        return x * (math.log(n) + math.pi / n) + math.floor(n / 3) + math.trunc(n / 2) + abs(3 - n)


@model(*SIZES, shapes=ROWS)
class SumAndPowerOfSizes(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        rows, rest = divmod(x.shape[0], 3)
        return x.new_ones(sum([rows, rest]), pow(rows, 2)) * x.mean()


@model(*WIDTHS, Call(noise(2, 30)), shapes=dynamic("x", dims=(1,)))
class CappedPositions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Embedding(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        n = min(x.shape[1], self.positions.num_embeddings)
        return x[:, :n, None] + self.positions(torch.arange(n))
