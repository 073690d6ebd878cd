"""Branches on the values of tensors: if, else, elif, nested, early returns, several in a row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..registry import Call, dynamic, model, negative, noise, number, positive

UP, DOWN = positive(4, 3), negative(4, 3)
BOTH = Call(UP), Call(DOWN), Call(UP * 2), Call(noise(4, 3, seed=3))
SCALES = Call(UP), Call(DOWN), Call(UP * 100), Call(DOWN * 100), Call(UP / 100)


@model(*BOTH)
class TwoSides(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            y = x * 2
        else:
            y = x - 1
        return y + 1


@model(Call(DOWN), Call(UP), Call(UP * 2))
class OneSide(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            x = x / x.sum()
        return x * 3


@model(Call(UP), Call(negative(6, 3)), Call(positive(9, 3)), Call(negative(2, 3)), shapes=dynamic("x"))
class TwoSidesOfAnyBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 0:
            return x.softmax(0)
        return x.cumsum(0)


@model(*SCALES)
class ElseIf(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = x.sum()
        if total > 50:
            return x / total
        if total > 0:
            return x * 2
        if total > -50:
            return x.abs()
        return x + total


@model(*SCALES)
class Nested(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            if x.max() > 10:
                x = x / x.max()
            else:
                x = x + 1
            x = x * 2
        else:
            x = x.relu()
        return x - 1


@model(*SCALES)
class EarlyReturn(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.max() > 10:
            return x.clamp(max=10)
        x = x * 2
        if x.min() < -10:
            return x.clamp(min=-10)
        return x.tanh()


@model(*BOTH)
class ConditionalExpression(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.exp() if x[0, 0] > 0 else x.sin()


@model(*BOTH)
class ConditionalArgument(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.add(x, x if x.sum() > 0 else x * 3, alpha=2)


@model(*BOTH)
class Negated(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if not (x > 0).any():
            return x * 5
        return x + 2


@model(*SCALES, Call(noise(4, 3, seed=5)))
class FiveInARow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for column in range(3):
            if x[:, column].sum() > 0:
                x = x * 2
            else:
                x = x + 1
        if x.max() > 100:
            x = x / 100
        if x.min() < -100:
            x = x + 100
        return x


@model(Call(UP), Call(DOWN), Call(noise(4, 3, seed=7)))
class WeightsOfItsOwn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return self.first(x).relu()
        return self.second(self.first(x))


def halved(x: Tensor) -> Tensor:
    if x.max() > 0.5:
        return x / 2
    return x


@model(*SCALES)
class InFunction(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return halved(halved(x) + 1) * 3


@model(*BOTH)
class InMethod(nn.Module):
    def scale(self, x: Tensor) -> Tensor:
        return x.std() if x.sum() > 0 else x.abs().mean()

    def forward(self, x: Tensor) -> Tensor:
        return x / self.scale(x)


@model(*BOTH, Call(torch.cat([UP[:2], DOWN[2:]])))
class InComprehension(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([row.exp() if row.sum() > 0 else row * 2 for row in x])


@model(Call(UP, number(3)), Call(UP, number(1)), Call(UP, number(-1)), Call(DOWN, number(3)))
class OnInteger(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        if n.item() == 3:
            return x * 3
        if int(n) > 0:
            return x + 1
        return x - n


@model(Call(UP, torch.tensor(True)), Call(UP, torch.tensor(False)), Call(DOWN, torch.tensor(False)))
class OnFlag(nn.Module):
    def forward(self, x: Tensor, flag: Tensor) -> Tensor:
        if flag:
            x = x.flip(0)
        return x + 1


@model(Call(UP, torch.tensor([2, 3])), Call(UP, torch.tensor([1, 1])), Call(DOWN, torch.tensor([4, 2])))
class ReadInSide(nn.Module):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        if x.sum() > 0:
            return x[: int(lengths.max())].sum(0)
        return x.sum(0) * lengths.min().item()


@model(Call(UP), Call(DOWN), Call(UP * 3), Call(DOWN * 3))
class OnWeight(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        if self.scale > 0:
            x = x * self.scale
        if x.mean() > self.scale:
            x = x - self.scale
        return x


@model(*BOTH)
class PartialSideThenRest(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        low, high = x.min(), x.max()
        if low < 0:
            low, high = low * 2, high - low
        return (x - low) / (high - low + 1), low


@model(Call(UP, DOWN), Call(DOWN, UP), Call(UP, UP * 2), Call(DOWN, DOWN * 2))
class SwappedInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if x.sum() < y.sum():
            x, y = y, x
        return x - y * 2


@model(Call({"a": UP, "b": DOWN}), Call({"a": DOWN, "b": UP}), Call({"a": UP, "b": UP * 3}))
class OnNestedInput(nn.Module):
    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        if batch["b"].sum() > 0:
            return batch["a"] + batch["b"]
        return batch["a"] * 2


@model(Call(UP, scale=number(2.0)), Call(UP, scale=number(-2.0)), Call(DOWN, scale=number(0.5)))
class OnKeyword(nn.Module):
    def forward(self, x: Tensor, *, scale: Tensor) -> Tensor:
        if scale > 1:
            return x * scale
        return x / scale
