"""What the sides of a branch give: sizes, numbers, None, functions, operands, aliases and structures that differ."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..registry import Call, model, negative, noise, positive

UP, DOWN, MIXED = positive(4, 3), negative(4, 3), noise(4, 3, seed=3)
BOTH = Call(UP), Call(DOWN), Call(MIXED), Call(DOWN * 2)


@model(*BOTH)
class SizesDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            return x[:2] * 2
        return x + 1


@model(*BOTH)
class SizesOfMaskDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            kept = x[x > 0.5]
        else:
            kept = x[x < 0]
        return kept * 2


@model(*BOTH)
class IntegersDiffer(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        steps = 3 if x.sum() > 1 else 5
        return x * steps, steps


@model(*BOTH)
class IntegerAsSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        k = 2 if x.sum() > 1 else 3
        return x[:, :k].sum(1)


@model(*BOTH)
class FloatsDiffer(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, float]:
        scale = 0.5
        if x.sum() > 1:
            scale = 2.5
        return x * scale, scale


@model(*BOTH)
class BooleansDiffer(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, bool]:
        if x.sum() > 1:
            return x * 2, True
        return x, False


@model(*BOTH)
class FlagAskedLater(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        loud = False
        if x.abs().max() > 1:
            loud = True
        y = x.tanh()
        return y / 2 if loud else y


@model(*BOTH)
class NoneUntilLater(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        bias = None
        if x.sum() > 1:
            bias = x.mean(0)
        y = x * 2
        return y if bias is None else y + bias


@model(*BOTH)
class OutputsOfDict(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        if x.sum() > 1:
            return {"y": x * 2, "score": x.max()}
        return {"y": x + 1, "score": x.min()}


@model(*BOTH)
class KeysInOtherOrder(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            out = {"a": x * 2, "b": x}
        else:
            out = {"b": x + 1, "a": x - 1}
        return out["a"] - out["b"] * 3


@model(*BOTH)
class NestedTuples(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, list[Tensor]]]:
        if x.sum() > 1:
            return x, (x * 2, [x.sum(), x.max()])
        return x * 3, (x + 1, [x.min(), x.mean()])


class Pair(NamedTuple):
    first: Tensor
    second: Tensor


@model(*BOTH)
class NamedTuples(nn.Module):
    def forward(self, x: Tensor) -> Pair:
        pair = Pair(x, x * 2)
        if x.sum() > 1:
            pair = pair._replace(second=x.exp())
        return pair


@model(*BOTH)
class OperandReturned(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            return x * 2
        return x


@model(*BOTH)
class ViewReturned(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = x * 2
        if x.sum() > 1:
            return y[0], y
        return y[1], y.t()[:3].t()


@model(*BOTH)
class ReturnedTwice(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.sum() > 1:
            y = x * 2
            return y, y
        return x, x + 1


@model(*BOTH)
class ConstantOnOneSide(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        weights = torch.ones(3) if x.sum() > 1 else torch.tensor([0.0, 1.0, 2.0])
        return x @ weights


@model(*BOTH)
class ListsOfOtherLength(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        parts = list(x.unbind(0)) if x.sum() > 1 else [x[0], x[1]]
        return torch.stack(parts).mean(0)


@model(*BOTH)
class RanksDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x if x.sum() > 1 else x.flatten()
        return y.mean() * 2


@model(*BOTH)
class DtypesDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = (x > 0) if x.sum() > 1 else x
        return y.float().sum(0)


@model(*BOTH)
class TextsDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        name = "relu" if x.sum() > 1 else "softplus"
        return getattr(F, name)(x) * 2


@model(*BOTH)
class FunctionsDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        act = torch.tanh if x.sum() > 1 else torch.sin
        return act(x * 2) + 1


@model(*BOTH)
class ModulesDiffer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.small, self.large = nn.Linear(3, 2), nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, x: Tensor) -> Tensor:
        head = self.small if x.sum() > 1 else self.large
        return head(x).softmax(-1)


@model(*BOTH)
class IndicesDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        index = slice(0, 2) if x.sum() > 1 else slice(1, 4)
        dim = 0 if x.sum() > 1 else 1
        return x[index].sum(dim).max()


@model(*BOTH)
class StridesDiffer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        square = x[:3]
        y = square.t() if x.sum() > 1 else square * 2
        return y.reshape(-1)


@model(*BOTH)
class ShapeOfOneSideRead(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        kept = x[x > 0] if (x > 0).any() else x.new_zeros(1)
        return kept.sum() / kept.numel()
