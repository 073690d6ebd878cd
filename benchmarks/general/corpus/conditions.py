"""The ways to ask: and, or, chained comparisons, any, all, equal, empty after a mask, comparisons of items."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..registry import Call, model, negative, noise, number, positive

UP, DOWN, MIXED = positive(4, 3), negative(4, 3), noise(4, 3, seed=3)
BOTH = Call(UP), Call(DOWN), Call(MIXED), Call(UP * 20)


@model(*BOTH)
class And(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0 and x.max() < 5:
            return x * 2
        return x - 1


@model(*BOTH)
class Or(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() < 0 or x.max() > 5:
            return x * 2
        return x - 1


@model(*BOTH, Call(UP * 8))
class ChainedComparison(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if 0 < x.mean() < 5:
            return x * 2
        return x - 1


@model(*BOTH)
class AnyAndAll(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if (x > 0).all():
            return x.log()
        if torch.any(x > 0):
            return x.relu()
        return -x


@model(Call(UP, UP.clone()), Call(UP, DOWN), Call(DOWN, UP))
class Equal(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if torch.equal(x, y):
            return x * 2
        return x - y


@model(Call(UP, UP + 1e-9), Call(UP, DOWN), Call(DOWN, UP))
class Allclose(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * 2 if torch.allclose(x, y) else x - y


@model(Call(MIXED), Call(UP), Call(DOWN))
class EmptyAfterMask(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        kept = x[x > 0]
        if kept.numel() == 0:
            return x.mean()
        return kept.mean()


@model(Call(MIXED), Call(DOWN), Call(UP))
class FoundByNonzero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        found = torch.nonzero(x > 0)
        if len(found) == 0:
            return torch.zeros(2)
        return found.float().mean(0)


@model(*BOTH)
class ItemComparison(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        low, high = x.min().item(), x.max().item()
        if high - low > 1.5 or low < -1:
            return (x - low) / (high - low)
        return x * high


@model(Call([UP, DOWN]), Call([DOWN, DOWN]), Call([DOWN, UP]), Call([UP, UP]))
class AnyOfList(nn.Module):
    def forward(self, xs: list[Tensor]) -> Tensor:
        if any(x.sum() > 0 for x in xs):
            return xs[0] + xs[1]
        return xs[0] * xs[1]


@model(Call([UP, DOWN]), Call([DOWN, DOWN]), Call([DOWN, UP]), Call([UP, UP]))
class AllOfList(nn.Module):
    def forward(self, xs: list[Tensor]) -> Tensor:
        if all(x.mean() > 0 for x in xs):
            return xs[0] + xs[1]
        return xs[0] * xs[1]


@model(Call(UP), Call(UP * math.inf), Call(torch.full((4, 3), math.nan)), Call(DOWN))
class NotFinite(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if torch.isnan(x).any() or torch.isinf(x).any():
            return torch.nan_to_num(x, posinf=1.0)
        return x * 2


@model(Call(UP, DOWN), Call(DOWN, UP), Call(UP, UP * 2))
class GreaterOfTwo(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return max(x.sum(), y.sum()) + min(x.max(), y.max())


@model(Call(UP, number(3)), Call(UP, number(2)), Call(UP, number(1)), Call(DOWN, number(9)))
class MemberOfTuple(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        if int(n) in (1, 3):
            return x * 2
        return x + n


@model(*BOTH)
class Truth(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        above = (x > 0).sum()
        if not above:
            return x
        return x / above


@model(*BOTH)
class ChoiceOfDtype(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        dtype = torch.float64 if x.abs().max() > 2 else torch.float32
        return x.to(dtype).cumsum(0).float()


@model(*BOTH)
class KeptCondition(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        quiet = x.abs().max() < 1.05
        y = x * 2
        if quiet:
            y = y * 2
        z = y + 1
        if quiet:
            z = z + 1
        return z, quiet


@model(Call(UP, torch.tensor([1, 1, 0])), Call(UP, torch.tensor([1, 1, 1])), Call(DOWN, torch.tensor([0, 0, 0])))
class AndOfTensors(nn.Module):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        if (x.sum() > 0) & (mask.sum() < 3):
            return x * mask
        return x


@model(*BOTH)
class CountOfMask(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        count = int((x > 0).sum())
        if count > 10:
            return x * 2
        if count == 0:
            return x
        return x / count


@model(Call(MIXED), Call(UP), Call(noise(4, 3, seed=9)), Call(DOWN))
class FewFound(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        found = x[x > 0.5]
        if found.shape[0] > 3:
            return found.topk(3).values.sum()
        return found.sum()


@model(Call(UP), Call(DOWN), Call(UP * 3), Call(DOWN * 3))
class ComparedWithBuffer(nn.Module):
    threshold: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("threshold", torch.tensor([0.0, 1.0]))

    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > self.threshold[1]:
            return x / 3
        if x.mean() <= self.threshold[0]:
            return x.abs()
        return x
