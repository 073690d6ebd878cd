"""A number from data chooses what runs: tables, attributes by name, match, sorting."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..registry import Call, model, negative, noise, number, positive

X = noise(4, 3)
NUMBERS = tuple(Call(X, number(n)) for n in (1, 0, 2))
UP, DOWN = positive(4, 3), negative(4, 3)


@model(*NUMBERS)
class TableOfModules(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.ModuleList([nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)])

    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        return self.table[int(i)](x).relu()


@model(*NUMBERS)
class AttributeByName(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head0, self.head1, self.head2 = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)

    def forward(self, x: Tensor, k: Tensor) -> Tensor:
        return getattr(self, f"head{k.item()}")(x)


@model(*NUMBERS, Call(X, number(7)))
class Match(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        match int(n):
            case 0:
                return x * 2
            case 1 | 3:
                return x + 1
            case 2:
                return x.abs()
            case _:
                return x - n


@model(*NUMBERS)
class TableOfFunctions(nn.Module):
    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        table = {0: torch.relu, 1: torch.tanh, 2: torch.sigmoid}
        return table[int(i)](x) * 2


@model(*NUMBERS, Call(X, number(9)))
class TableWithDefault(nn.Module):
    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        scale = {0: 0.5, 1: 2.0}.get(i.item(), 1.0)
        return x * scale


@model(*NUMBERS)
class ListOfTensors(nn.Module):
    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        levels = [x, x * 2, x.cumsum(0)]
        return levels[int(i)] + 1


@model(*NUMBERS)
class ListOfNumbers(nn.Module):
    def forward(self, x: Tensor, i: Tensor) -> Tensor:
        sizes = (1, 3, 2)
        return x[:, : sizes[int(i)]] * 2


@model(Call(X), Call(noise(4, 3, seed=1)), Call(noise(4, 3, seed=2)), Call(UP), Call(DOWN))
class BestExpert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.router, self.experts = nn.Linear(3, 4), nn.ModuleList(nn.Linear(3, 3) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        return self.experts[int(self.router(x).sum(0).argmax())](x)


@model(Call(UP), Call(DOWN), Call(UP * 2))
class BooleanAsIndex(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (torch.sin, torch.cos)[bool(x.sum() > 0)](x)


@model(*NUMBERS, Call(UP, number(3)))
class ChainOfComparisons(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        kind = int(n)
        if kind == 0:
            return x
        if kind == 1:
            return x.exp()
        if kind == 2:
            return x.square()
        return x.abs().sqrt()


@model(Call([UP, DOWN, X]), Call([DOWN, X, UP]), Call([X, UP, DOWN]))
class SortedBySum(nn.Module):
    def forward(self, xs: list[Tensor]) -> Tensor:
        low, middle, high = sorted(xs, key=lambda x: x.sum().item())
        return (low * 1 + middle * 2 + high * 3).sum(0)


@model(Call(X, torch.tensor([1, 0])), Call(X, torch.tensor([0, 0])), Call(X, torch.tensor([2, 1])))
class ChosenPerStep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

    def forward(self, x: Tensor, route: Tensor) -> Tensor:
        for step in range(2):
            x = self.layers[int(route[step])](x).relu()
        return x
