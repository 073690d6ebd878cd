"""Branches whose bodies write: to inputs, buffers, outer tensors, lists, dicts and attributes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..registry import Call, dynamic, model, negative, noise, number, positive

UP, DOWN, MIXED = positive(4, 3), negative(4, 3), noise(4, 3, seed=3)
BOTH = Call(UP), Call(DOWN), Call(MIXED)


@model(*BOTH)
class InputWritten(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            x.mul_(2)
        else:
            x[0] = 0
        return x.sum(0)


@model(*BOTH)
class BufferCounted(nn.Module):
    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(2))

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            self.seen[0] += 1
        else:
            self.seen[1] -= x.mean()
        return x + self.seen.sum()


@model(*BOTH)
class BufferReplaced(nn.Module):
    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        if x.abs().max() > 0.5 and x.sum() < 0:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return x - self.mean


@model(*BOTH)
class OuterWritten(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros_like(x)
        if x.sum() > 1:
            out[1:] = x[1:]
        else:
            out[0].add_(3)
        return out * 2


@model(*BOTH)
class MaskedWrite(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros(4, 3)
        mask = x > 0
        if mask.any():
            out[mask] = x[mask] * 2
        return out + 1


@model(*BOTH)
class ListGrown(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        parts = [x]
        if x.sum() > 1:
            parts.append(x * 2)
        parts.append(x + 1)
        return torch.stack(parts).sum(0)


@model(*BOTH)
class ListGrownByFunction(nn.Module):
    def add(self, parts: list[Tensor], x: Tensor) -> None:
        if x.sum() > 1:
            parts.append(x * 2)
        else:
            parts[0] = x * 3

    def forward(self, x: Tensor) -> Tensor:
        parts = [x]
        self.add(parts, x)
        return torch.cat(parts).sum(0)


@model(*BOTH)
class DictFilled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        state = {"scale": torch.ones(())}
        if x.sum() > 1:
            state["scale"] = x.max()
        else:
            state["shift"] = x.min()
        return x * state["scale"] + state.get("shift", 0)


@model(*BOTH)
class ViewWritten(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        out = x.clone()
        row = out[1]
        if x.sum() > 1:
            row.zero_()
        else:
            row += 5
        return out


@model(*BOTH)
class WrittenThenAsked(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        out = x.clone()
        if out.sum() > 1:
            out -= 2
        if out.sum() > 1:
            out *= 3
        else:
            out[:, 0] = 1
        return out


@model(*BOTH)
class AttributeSet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = 1.0

    def forward(self, x: Tensor) -> Tensor:
        self.scale = 1.0
        if x.sum() > 1:
            self.scale = 2.0
        return x * self.scale


@model(Call(UP, number(2)), Call(UP, number(0)), Call(DOWN, number(3)), Call(DOWN, number(5)))
class CacheUpdated(nn.Module):
    cache: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cache", torch.zeros(6, 3))

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        if position.item() > 2:
            self.cache[:4] = x
        else:
            self.cache[int(position)] = x[0]
        return self.cache.sum(0)


@model(Call(UP, DOWN), Call(DOWN, UP), Call(UP, UP * 2))
class OneOfTwoInputsWritten(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if x.sum() > y.sum():
            x.copy_(y)
        else:
            y.copy_(x)
        return x + y


@model(Call(UP), Call(negative(7, 3)), Call(positive(2, 3)), shapes=dynamic("x"))
class InputOfAnySizeWritten(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 0:
            x += 1
        return x * 2


@model(*BOTH, training=True)
class NormInTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            return self.norm(x)
        return x * 2


@model(*BOTH)
class WrittenBeforeAndAfter(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x[0] += 1
        if x.sum() > 1:
            x[1] += 10
        x[2] += 100
        return x.clone()


@model(Call(UP, torch.tensor([0, 2])), Call(DOWN, torch.tensor([1, 3])), Call(UP, torch.tensor([1, 1])))
class IndexPut(nn.Module):
    def forward(self, x: Tensor, at: Tensor) -> Tensor:
        out = x * 2
        if at[0] != at[1] and x.sum() > 0:
            out[at] = x[at.flip(0)]
        else:
            out.index_add_(0, at, x[:2])
        return out
