"""Small models that branch on data, each with inputs that take its sides; the first is the example."""

# ruff: noqa: SIM108 (a statement and an expression branch in different ways)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .every_path import DOWN, MIXED, UP

Models = dict[type[torch.nn.Module], tuple[tuple[Any, ...], ...]]
"""Model → its inputs. The first is the example."""

STRUCTURE: Models = {}
OUTPUTS: Models = {}
EFFECTS: Models = {}
MODES: Models = {}
LOOPS: Models = {}

BOTH = (UP,), (DOWN,), (MIXED,), (UP * 10,), (DOWN * 10,)


def on(models: Models, *inputs: tuple[Any, ...]) -> Callable[[type[torch.nn.Module]], type[torch.nn.Module]]:
    """Registers a model."""

    def register(model: type[torch.nn.Module]) -> type[torch.nn.Module]:
        models[model] = inputs
        return model

    return register


# -- structure ---------------------------------------------------------------------------------------------------------


@on(STRUCTURE, *BOTH)
class TwoSides(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x = x * 2
        else:
            x = x - 1
        return x.relu()


@on(STRUCTURE, *BOTH)
class EarlyReturn(torch.nn.Module):
    def forward(self, x):
        if x.sum() < 0:
            return x - 1
        y = x * 3
        if y.max() > 20:
            return y / 2
        return y + 1


@on(STRUCTURE, *BOTH)
class ElseIf(torch.nn.Module):
    def forward(self, x):
        total = x.sum()
        if total > 10:
            y = x / 2
        elif total > 0:
            y = x * 2
        elif total > -20:
            y = x + 1
        else:
            y = x.abs()
        return y * total


@on(STRUCTURE, *BOTH)
class Nested(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            if x.max() > 5:
                y = x + 1
            else:
                y = x - 1
            y = y * 2
        else:
            y = x.cos()
            if x.min() < -20:
                y = y.sin()
        return y + x


@on(STRUCTURE, *BOTH)
class InRow(torch.nn.Module):
    def forward(self, x):
        for bound in (0.0, 1.0, 5.0):
            if x.mean() > bound:
                x = x - bound
            else:
                x = x * 1.5
        return x


@on(STRUCTURE, *BOTH)
class Negated(torch.nn.Module):
    def forward(self, x):
        if not (x.sum() > 0 and x.max() < 5) or x.min() < -20:
            return x * 2
        return x


@on(STRUCTURE, *BOTH)
class ConditionalExpression(torch.nn.Module):
    def forward(self, x):
        y = x if x.sum() > 0 else x * 2
        return y.add_(1), y * 3


@on(STRUCTURE, *BOTH)
class InSubmodules(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.ModuleList([Gate(), Gate()])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        return self.linear(x) if x.mean() > 0 else x - self.linear.bias


@on(STRUCTURE, *BOTH)
class SameFunctionTwice(torch.nn.Module):
    def forward(self, x):
        return signed(x) + signed(-x * 2)


def signed(x):
    return x.sqrt() if (x > 0).all() else x.abs() - 1


# -- outputs -----------------------------------------------------------------------------------------------------------


@on(OUTPUTS, *BOTH)
class DictOutput(torch.nn.Module):
    def forward(self, x):
        out = {"input": x}
        if x.sum() > 0:
            out["scaled"] = x * 2
            out["all"] = [x, x.sum()]
        else:
            out["scaled"] = -x
            out["all"] = [x * 3, x.min()]
        return out


@on(OUTPUTS, *BOTH)
class AliasOutputs(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        if x.sum() > 0:
            return y, y, x
        return y, y + 1, y


@on(OUTPUTS, *BOTH)
class ViewOutputs(torch.nn.Module):
    def forward(self, x):
        y = x[:, None] * x
        if x.sum() > 0:
            return y.T, y[0]
        return y, y[:, 1]


@on(OUTPUTS, *BOTH)
class Numbers(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            n, s, b = 2, 0.5, x.max() > 5
        else:
            n, s, b = int(x.numel()), float(x.sum()), x.max() > 1
        return x * n + s, b


@on(OUTPUTS, *BOTH)
class ReturnedNumbers(torch.nn.Module):
    def forward(self, x):
        n = x.sum().int().item()
        if n > 0:
            return x, n
        return x * 2, n + 1


@on(OUTPUTS, *BOTH)
class SizesFromData(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            y = x[x > 1]
        else:
            y = torch.cat([x, x])
        return y * 2, y.sum()


# -- effects -----------------------------------------------------------------------------------------------------------


@on(EFFECTS, *BOTH)
class WritesInput(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x.mul_(2)
        return x + 1


@on(EFFECTS, *BOTH)
class WritesView(torch.nn.Module):
    def forward(self, x):
        y = x.clone()
        head = y[:2]
        if x.sum() > 0:
            head.add_(10)
        else:
            y[2] = 7
        return y, head * 2


@on(EFFECTS, *BOTH)
class WritesByMask(torch.nn.Module):
    def forward(self, x):
        y = x * 1
        if x.max() > 2:
            y[x > 1] = 0
        return y


@on(EFFECTS, *BOTH)
class WritesBuffer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("last", torch.zeros(3))

    def forward(self, x):
        if x.sum() > 0:
            self.count += 1
            self.last.copy_(x)
        return x + self.last * self.count


@on(EFFECTS, *BOTH)
class WritesAfterBranch(torch.nn.Module):
    def forward(self, x):
        y = x * 2
        z = y if x.sum() > 0 else x.clone()
        z.add_(1)
        return y, z


@on(EFFECTS, *BOTH)
class Appends(torch.nn.Module):
    def forward(self, x):
        parts = []
        if x.sum() > 0:
            parts.append(x)
        else:
            parts.append(x * 2)
        parts.append(x.sum()[None])
        return torch.cat(parts)


@on(EFFECTS, *BOTH)
class AppendsMore(torch.nn.Module):
    def forward(self, x):
        parts = [x]
        if x.sum() > 0:
            parts.append(x * 2)
        if x.max() > 5:
            parts.append(x * 3)
        return torch.stack(parts).sum(0)


@on(EFFECTS, *BOTH)
class SetsAttribute(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 1.0

    def forward(self, x):
        before = self.scale
        self.scale = 2.0 if x.sum() > 0 else 3.0
        y = x * self.scale
        self.scale = before
        return y


# -- modes -------------------------------------------------------------------------------------------------------------


@on(MODES, *BOTH)
class InNoGrad(torch.nn.Module):
    def forward(self, x):
        with torch.no_grad():
            if x.sum() > 0:
                y = x * 2
            else:
                y = x - 1
        return y + x


@on(MODES, *BOTH)
class NoGradOnOneSide(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            with torch.no_grad():
                y = x * 2
        else:
            y = x - 1
        return y + x


@on(OUTPUTS, *BOTH)
class OptionalMask(torch.nn.Module):
    def forward(self, x):
        mask = None
        if x.sum() > 0:
            mask = x > 1
        return x if mask is None else x * mask


# -- loops -------------------------------------------------------------------------------------------------------------


@on(LOOPS, *BOTH)
class BreaksOut(torch.nn.Module):
    def forward(self, x):
        for turn in range(4):
            if x.max() > 5 + turn:
                break
            x = x * 2 + 1
        return x


# -- more effects ------------------------------------------------------------------------------------------------------


@on(EFFECTS, *BOTH)
class WritesInNestedBranch(torch.nn.Module):
    def forward(self, x):
        a = x * 2
        if x[0] > 0:
            if x[2] > 5:
                a.add_(1)
            b = a * 2
        else:
            b = a * 3
        if x[1] < 0:
            a.mul_(2)
        return a, b


@on(EFFECTS, *BOTH)
class WritesThenRebinds(torch.nn.Module):
    def forward(self, x):
        if x[0] > 0:
            x.add_(1)
            x = x * 2
        else:
            x = x.clone()
            x.add_(5)
        x.mul_(2)
        return x


@on(EFFECTS, *BOTH)
class WritesOneOfTwoViews(torch.nn.Module):
    def forward(self, x):
        y = x.clone().view(3, 1)
        row = y[0]
        if x[0] > 0:
            row = y[1]
        row.add_(10)
        return y


@on(EFFECTS, *BOTH)
class WritesDetached(torch.nn.Module):
    def forward(self, x):
        y = x * 1
        d = y.detach()
        if x[0] > 0:
            d.add_(1)
        else:
            y = y * 2
        return y, d


@on(STRUCTURE, *BOTH)
class InFinally(torch.nn.Module):
    def forward(self, x):
        y = x
        try:
            if x[0] > 0:
                y = y * 2
            else:
                y = y - 1
        finally:
            y = y + 1
        return y


@on(STRUCTURE, *BOTH)
class Raises(torch.nn.Module):
    def forward(self, x):
        try:
            if x[0] > 0:
                raise ValueError
            y = x + 1
        except ValueError:
            y = x * 3
        return y


@on(STRUCTURE, *BOTH)
class InFunctionOfAutograd(torch.nn.Module):
    def forward(self, x):
        return Doubled.apply(x)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(_ctx, x):
        return x * 2 if x.sum() > 0 else x.clone()

    @staticmethod
    def backward(_ctx, grad):
        return grad


@on(OUTPUTS, *BOTH)
class ReturnsInput(torch.nn.Module):
    def forward(self, x):
        if x[0] > 0:
            return x
        return x


@on(OUTPUTS, *BOTH)
class OtherStrides(torch.nn.Module):
    def forward(self, x):
        a = x[:, None] * x
        b = a.T if x[0] > 0 else a
        return b.reshape(-1), b.contiguous().view(-1)


@on(LOOPS, *BOTH)
class CountsRows(torch.nn.Module):
    def forward(self, x):
        k = 0
        for value in x:
            if value < 0:
                break
            k += 1
        return x * k


@on(LOOPS, *BOTH)
class Continues(torch.nn.Module):
    def forward(self, x):
        for _ in range(3):
            if x.sum() > 5:
                if x.max() > 4:
                    x = x - 1
                    continue
                break
            x = x + 2
        return x
