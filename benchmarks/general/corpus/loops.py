"""Loops that data or a dynamic size ends."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..registry import Call, dynamic, model, negative, noise, number, positive

X = noise(4, 3)
COUNTS = tuple(Call(X, number(n)) for n in (3, 2, 0, 5))
SIZES = tuple(Call(noise(n, 3)) for n in (4, 2, 7))
UP, DOWN = positive(4, 3), negative(4, 3)


@model(*COUNTS)
class CountedSteps(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for _ in range(int(n)):
            x = x.tanh() * 2
        return x


@model(*COUNTS)
class CountedWithIndex(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for step in range(int(n)):
            x = x * (step + 1) + step
        return x


@model(*COUNTS)
class CountedLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for _ in range(n.item()):
            x = x + self.layer(x).tanh()
        return x


@model(Call(UP * 4), Call(UP * 40), Call(UP / 40), Call(DOWN * 9))
class WhileNorm(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        steps = 0
        while x.norm() > 1:
            x = x / 2
            steps += 1
        return x, steps


@model(Call(number(5.0)), Call(number(9.0)), Call(number(0.5)))
class WhileNotDone(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        value = torch.stack([n, n / 2, n * 2])
        done = value < 1
        while not done.all():
            value = torch.where(done, value, value - 1)
            done = value < 1
        return value


@model(*SIZES, shapes=dynamic("x"))
class RowsOfAnySize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(3)
        for row in x:
            state = (state + row).tanh()
        return state


@model(*SIZES, shapes=dynamic("x"))
class StackedRows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        state, states = torch.zeros(1, 4), []
        for step in range(x.shape[0]):
            state = self.cell(x[step : step + 1], state)
            states.append(state)
        return torch.cat(states)


@model(Call(UP), Call(UP * 50), Call(UP / 50))
class BreaksWhenSmall(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        for _ in range(6):
            x = x / 3
            if x.max() < 0.05:
                break
            x = x - 0.001
        return x


@model(Call(positive(3)), Call(positive(3) * 100), Call(torch.ones(3)))
class NewtonRoot(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        guess = x
        for _ in range(12):
            better = (guess + x / guess) / 2
            if (better - guess).abs().max() < 1e-4:
                return better
            guess = better
        return guess


@model(Call(X, torch.tensor([2, 4, 1])), Call(X, torch.tensor([1, 1, 1])), Call(X, torch.tensor([4, 3, 4])))
class LengthsAsList(nn.Module):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return torch.stack([x[:length].mean(0) for length in lengths.tolist()])


@model(Call(number(6)), Call(number(5)), Call(number(1)), Call(number(12)))
class CollatzSteps(nn.Module):
    def forward(self, n: Tensor) -> Tensor:
        value, steps = int(n), 0
        while value != 1:
            value = value // 2 if value % 2 == 0 else 3 * value + 1
            steps += 1
        return n * 0 + steps


@model(Call(X, number(2)), Call(X, number(4)), Call(X, number(1)))
class GrowingList(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        parts = [x]
        for _ in range(int(n)):
            parts.append(parts[-1] * 0.5)
        return torch.stack(parts).sum(0)


@model(Call(torch.tensor([1, 0, 2])), Call(torch.tensor([0, 0, 0])), Call(torch.tensor([2, 2, 1])))
class NestedCounts(nn.Module):
    def forward(self, counts: Tensor) -> Tensor:
        total = torch.zeros(())
        for count in counts.tolist():
            for step in range(count):
                total = total * 2 + step + 1
        return total


@model(*COUNTS)
class CountedBufferWrites(nn.Module):
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(3))

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for step in range(int(n)):
            self.seen += x[step % 4]
        return self.seen * 2


@model(*SIZES, Call(noise(8, 3)), shapes=dynamic("x"))
class ChunksOfThree(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(3)
        for start in range(0, x.shape[0], 3):
            total = total * 0.5 + x[start : start + 3].sum(0)
        return total


@model(Call(UP), Call(DOWN), Call(X), Call(UP * 3))
class SkipsRows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(3)
        for row in x:
            if row.sum() < 0:
                continue
            total = total + row
        else:
            total = total * 2
        return total


@model(Call(noise(3, 3)), Call(torch.eye(3) * 2), Call(noise(3, 3, seed=4)))
class PowerIteration(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        matrix, vector, last = x @ x.t() + torch.eye(3), torch.ones(3), torch.zeros(3)
        steps = 0
        while (vector - last).abs().max() > 1e-2 and steps < 8:
            last = vector
            vector = matrix @ vector
            vector = vector / vector.norm()
            steps += 1
        return vector


@model(Call(number(2.0)), Call(number(10.0)), Call(number(0.25)))
class Bisection(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        low, high = torch.zeros(()), x.clamp(min=1)
        for _ in range(5):
            middle = (low + high) / 2
            if middle * middle > x:
                high = middle
            else:
                low = middle
        return (low + high) / 2


@model(Call(UP, number(2)), Call(UP, number(6)), Call(DOWN, number(0)))
class CountedWithBranch(nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for _ in range(int(n)):
            if x.sum() > 0:
                x = x - 0.5
            else:
                x = x * -0.5
        return x
