"""Numbers read from tensors, used as sizes, slices, repeats, indices and fill values. No branch depends on them."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..registry import Call, model, noise, number, positive

X = noise(6, 8)


@model(
    Call(X, torch.tensor([3, 5, 2])),
    Call(X, torch.tensor([8, 1, 1])),
    Call(X, torch.tensor([2, 2, 2])),
    Call(X, torch.tensor([0, 0, 0])),
)
class LongestLength(nn.Module):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return x[:, : int(lengths.max())]


@model(Call(X, number(0.5)), Call(X, number(0.3)), Call(X, number(1.0)), Call(X, number(0.2)))
class RatioKept(nn.Module):
    def forward(self, x: Tensor, ratio: Tensor) -> Tensor:
        return x.topk(int(x.shape[1] * float(ratio)), dim=1).values


@model(Call(X, number(0.5)), Call(X, number(0.25)), Call(X, number(2.0)))
class RatioThenInt(nn.Module):
    def forward(self, x: Tensor, ratio: Tensor) -> Tensor:
        return x.new_ones(int(ratio * x.shape[1]), 2) * x.mean()


@model(Call(X, number(3)), Call(X, number(2)), Call(X, number(7)), Call(X, number(0)))
class CappedCount(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return x[:, : min(int(n), 4)]


@model(Call(X, number(3)), Call(X, number(5)), Call(X, number(0)), Call(X, number(-2)))
class AtLeastOne(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return x.sum(1).repeat(max(n.item(), 1), 1)


@model(Call(X, number(1.3)), Call(X, number(0.6)), Call(X, number(2.0)))
class RoundedScale(nn.Module):
    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return x.new_zeros(round(scale.item() * x.shape[1])) + x[0, 0]


@model(Call(X, number(1.3)), Call(X, number(0.6)), Call(X, number(2.0)))
class CeilOfScale(nn.Module):
    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return x.new_zeros(math.ceil(scale.item() * 5), math.floor(scale.item() * 5)) + x[0, 0]


@model(Call(X), Call(noise(6, 8, seed=1)), Call(X * 10))
class FilledWithMaximum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.full((3, 2), float(x.max())) + x.mean()


@model(Call(X), Call(noise(6, 8, seed=1)), Call(X * 0))
class ScaledByItem(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x.max().item() + x.sum().item()


@model(Call(X, number(1), number(4)), Call(X, number(0), number(6)), Call(X, number(2), number(3)))
class SliceFromTo(nn.Module):
    def forward(self, x: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        return x[int(start) : int(stop)]


@model(Call(X, number(-2)), Call(X, number(-5)), Call(X, number(3)))
class SliceFromTheEnd(nn.Module):
    def forward(self, x: Tensor, start: Tensor) -> Tensor:
        return x[int(start) :] * 2


@model(Call(X, number(2)), Call(X, number(3)), Call(X, number(1)))
class StepOfSlice(nn.Module):
    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        return x[:: int(step)]


@model(Call(X, number(2)), Call(X, number(0)), Call(X, number(-1)))
class IndexByItem(nn.Module):
    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        return x[int(i)] * 2


@model(Call(X, number(2)), Call(X, number(3)), Call(X, number(1)), Call(X, number(0)))
class RepeatByItem(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return x.repeat(int(n), 1)


@model(Call(X, number(2)), Call(X, number(3)), Call(X, number(1)))
class RepeatInterleave(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return x.repeat_interleave(n.item(), dim=0)


@model(Call(torch.tensor([1, 2, 3])), Call(torch.tensor([0, 4, 1])), Call(torch.tensor([0, 0, 0])))
class ArangeOfSum(nn.Module):
    def forward(self, counts: Tensor) -> Tensor:
        return torch.arange(int(counts.sum())) + counts[0]


@model(Call(X, torch.tensor([1, 2, 3])), Call(X, torch.tensor([4, 1, 1])), Call(X, torch.tensor([0, 6, 0])))
class SplitByLengths(nn.Module):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return torch.stack([part.sum(0) for part in x.split(lengths.tolist())])


@model(Call(X, number(2)), Call(X, number(6)), Call(X, number(1)))
class NarrowedToCount(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return x.narrow(0, 0, int(n)).cumsum(0)


@model(Call(X, number(2)), Call(X, number(5)), Call(X, number(0)))
class PaddedByCount(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return F.pad(x, (0, int(n)), value=1.0)


@model(Call(X, number(2)), Call(X, number(4)), Call(X, number(8)), Call(X, number(1)))
class ViewByHeads(nn.Module):
    def forward(self, x: Tensor, heads: Tensor) -> Tensor:
        return x.view(x.shape[0], int(heads), -1).softmax(-1)


@model(Call(number(11)), Call(number(6)), Call(number(21)), Call(number(8)))
class RowsAndColumns(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        rows, columns = divmod(int(n), 4)
        return torch.ones(rows + 1, columns) * n


@model(Call(number(3)), Call(number(1)), Call(number(0)), Call(number(5)))
class PowerOfTwo(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        return torch.arange(2 ** int(n)) * n


@model(Call(number(9)), Call(number(10)), Call(number(3)), Call(number(26)))
class RootAsSize(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        return torch.ones(int(math.sqrt(n.item())), 2) * n


@model(Call(X, number(-2)), Call(X, number(2)), Call(X, number(-3)))
class AbsoluteShift(nn.Module):
    def forward(self, x: Tensor, shift: Tensor) -> Tensor:
        return x[:, abs(int(shift)) :]


@model(Call(torch.tensor([1, 2, 3])), Call(torch.tensor([0, 4, 1])), Call(torch.tensor([0, 0, 1])))
class SumOfList(nn.Module):
    def forward(self, counts: Tensor) -> Tensor:
        return torch.ones(sum(counts.tolist()), 2) * counts[0]


@model(Call(torch.tensor([1, 2, 3])), Call(torch.tensor([5, 4, 1])), Call(torch.tensor([2, 2, 2])))
class MaximumOfList(nn.Module):
    def forward(self, counts: Tensor) -> Tensor:
        values = counts.tolist()
        return torch.ones(max(values), min(values)) * counts[0]


@model(Call(X[0]), Call(X[1]), Call(X[2]), Call(X[0].flip(0)))
class IndexReturned(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, int, float]:
        return x * 2, int(x.argmax()), x.max().item()


@model(Call(X, number(1), number(4)), Call(X, number(0), number(6)), Call(X, number(3), number(3)))
class LengthOfRange(nn.Module):
    def forward(self, x: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        return x.new_ones(len(range(int(start), int(stop)))) * x[0, 0]


@model(Call(number(3)), Call(number(5)), Call(number(1)))
class IdentityOfSize(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        return torch.eye(int(n)) * n


@model(Call(number(3)), Call(number(5)), Call(number(2)))
class LinspaceOfSteps(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        return torch.linspace(0, 1, steps=int(n)) * n


@model(Call(X, number(3)), Call(X, number(8)), Call(X, number(1)))
class TopOfItem(nn.Module):
    def forward(self, x: Tensor, k: Tensor) -> Tensor:
        return x.topk(int(k), dim=1).indices


@model(Call(positive(4)), Call(-positive(4)), Call(positive(4) * 0))
class FloatOfComparison(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * float(x.sum() > 0) + int((x > 0).sum())


@model(Call(X), Call(noise(6, 8, seed=1)), Call(X * 3))
class ClampedAtMean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(max=float(x.mean())).masked_fill(x < -1, x.min().item())


@model(Call(torch.tensor([0, 2, 1])), Call(torch.tensor([0, 0, 0])), Call(torch.tensor([5, 1, 3])))
class OneHotOfMaximum(nn.Module):
    def forward(self, ids: Tensor) -> Tensor:
        return F.one_hot(ids, int(ids.max()) + 1)


@model(Call(X[0]), Call(X[1].abs()), Call(-X[1].abs()), Call(X[2]))
class MeanOfMasked(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        kept = x[x > 0]
        return kept.sum() / max(kept.shape[0], 1)


@model(Call(positive(3, 4)), Call(positive(3, 4, seed=2) * 5), Call(positive(3, 4) / 100))
class LogarithmOfItem(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / (1 + abs(math.log(x.max().item()))) + math.exp(x.min().item())


@model(Call(X, number(0)), Call(X, number(5)), Call(X, number(12)))
class PositionsFromOffset(nn.Module):
    def forward(self, x: Tensor, offset: Tensor) -> Tensor:
        first = int(offset)
        return x + torch.arange(first, first + x.shape[1])


@model(Call(X, number(3)), Call(X, number(9)), Call(X, number(6)), Call(X, number(0)))
class CountOrRows(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return x[: min(x.shape[0], int(n))] * 2


@model(Call(X, number(0.31)), Call(X, number(0.77)), Call(X, number(0.05)))
class TruncatedProduct(nn.Module):
    def forward(self, x: Tensor, share: Tensor) -> Tensor:
        kept = int(share.item() * 10)
        return F.pad(x[:, :kept], (0, 10 - kept))


@model(Call(X, number(3)), Call(X, number(2)), Call(X, number(6)))
class CountInText(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        count = int(n)
        self.seen = f"{count} rows"
        return x[:count]


@model(Call(X, number(2)), Call(X, number(3)), Call(X, number(4)))
class FlooredQuotient(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        count = int(n)
        return x[: 6 // count, : 8 % count + 1] ** (count / 2 - count // 2)


@model(Call(X, number(2)), Call(X, number(3)), Call(X, number(0)))
class PowerOfItem(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        return x ** int(n) + pow(int(n), 2)


@model(Call(X, number(1.5)), Call(X, number(-0.5)), Call(X, number(2.5)))
class RoundedFloat(nn.Module):
    def forward(self, x: Tensor, value: Tensor) -> Tensor:
        return x + round(value.item()) + round(value.item(), 1)


@model(Call(X, number(3)), Call(X, number(1)), Call(X, number(5)))
class DiagonalOfItem(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        count = int(n)
        return x.tril(diagonal=count) + x.triu(diagonal=-count)


@model(Call(X, torch.tensor([2, 3])), Call(X, torch.tensor([1, 8])), Call(X, torch.tensor([4, 2])))
class SizeAsList(nn.Module):
    def forward(self, x: Tensor, size: Tensor) -> Tensor:
        return x.mean().expand(*size.tolist()) + torch.zeros(size.tolist())
