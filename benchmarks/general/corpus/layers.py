"""Branches inside layers: repeated, in a Sequential, in attention, experts and exits over layers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..registry import Call, dynamic, model, negative, noise, number, positive

UP, DOWN, MIXED = positive(4, 3), negative(4, 3), noise(4, 3, seed=3)
BOTH = Call(UP), Call(DOWN), Call(MIXED), Call(UP * 10)


class Gated(nn.Module):
    """A layer with a branch of its own."""

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        if y.mean() > 0:
            return x + y
        return x - y.tanh()


@model(*BOTH)
class FourLayers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Gated() for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


@model(*BOTH, Call(DOWN * 20))
class LayersOfSequential(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 3), Gated(), nn.ReLU(), Gated(), nn.Linear(3, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


@model(*BOTH)
class SharedLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = Gated()

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.layer(x) * 2) + self.layer(-x)


@model(Call(UP), Call(negative(6, 3)), Call(noise(2, 3, seed=8)), shapes=dynamic("x"))
class LayersOfAnyBatch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(Gated(), Gated())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).sum(-1)


@model(Call(noise(6, 4)), Call(positive(6, 4)), Call(negative(6, 4)), Call(noise(6, 4, seed=5)))
class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.router, self.experts = nn.Linear(4, 3), nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        weight, chosen = self.router(x).softmax(-1).max(-1)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            rows = torch.where(chosen == index)[0]
            if rows.numel() > 0:
                out[rows] = expert(x[rows]) * weight[rows, None]
        return out


@model(Call(noise(6, 4)), Call(positive(6, 4)), Call(negative(6, 4)), Call(noise(3, 4, seed=5)), shapes=dynamic("x"))
class ExpertsWithMasks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.router, self.experts = nn.Linear(4, 3), nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        chosen = self.router(x).argmax(-1)
        out = x.new_zeros(x.shape)
        for index, expert in enumerate(self.experts):
            mask = chosen == index
            if mask.any():
                out[mask] = expert(x[mask])
        return out


class Attention(nn.Module):
    """Position ids depend on a branch in the middle of the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        positions = torch.arange(x.shape[0])
        if n.item() > 0:
            positions = positions + n
        else:
            positions = positions.flip(0)
        angle = positions[:, None] * torch.tensor([1.0, 0.1, 0.01, 0.001])
        scores = ((q * angle.cos()) @ (k * angle.sin()).t()).softmax(-1)
        return x + self.out(scores @ v)


@model(Call(noise(5, 4), number(3)), Call(noise(5, 4), number(0)), Call(noise(7, 4), number(9)), shapes=dynamic("x"))
class PositionIds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Attention() for _ in range(2))

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x, n)
        return x


@model(*BOTH)
class EarlyExit(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers, self.head = nn.ModuleList(nn.Linear(3, 3) for _ in range(4)), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        depth = 0
        for layer in self.layers:
            x = x + layer(x)
            depth += 1
            if self.head(x).softmax(-1).max() > 0.75:
                break
        return self.head(x), depth


@model(*BOTH)
class ReturnsFromLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
            if x.mean() > 0.2:
                return x * 2
        return x.sigmoid()


@model(*BOTH)
class LayersSkipped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            if x.abs().mean() < 0.4:
                continue
            x = layer(x).relu()
        return x


@model(
    Call(noise(2, 4, 8), torch.ones(2, 4, dtype=torch.bool)),
    Call(noise(2, 4, 8), torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]], dtype=torch.bool)),
    Call(noise(2, 4, 8, seed=1), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]], dtype=torch.bool)),
)
class MaskDropped(nn.Module):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        bias = None
        if not mask.all():
            bias = mask[:, None].expand(-1, 4, -1)
        return F.scaled_dot_product_attention(x, x, x, attn_mask=bias)


@model(
    Call(noise(5, 3), torch.tensor([0, 0, 1, 0, 0])),
    Call(noise(5, 3), torch.tensor([0, 0, 0, 0, 0])),
    Call(noise(5, 3, seed=2), torch.tensor([1, 0, 1, 1, 0])),
)
class ResetOfState(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(3, 4)

    def forward(self, x: Tensor, done: Tensor) -> Tensor:
        state, states = torch.zeros(1, 4), []
        for step in range(5):
            if done[step]:
                state = torch.zeros(1, 4)
            state = self.cell(x[step : step + 1], state)
            states.append(state)
        return torch.cat(states)


@model(*BOTH)
class NormWithBranch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 3), nn.Linear(3, 3)

    def norm(self, x: Tensor) -> Tensor:
        scale = x.abs().max()
        if scale < 1:
            scale = torch.ones_like(scale)
        return x / scale

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.last(self.norm(self.first(self.norm(x)))))
