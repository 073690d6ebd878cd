"""Branches that meet a mode: no_grad, autocast, training and dropout."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..registry import Call, model, negative, noise, positive

UP, DOWN, MIXED = positive(4, 3), negative(4, 3), noise(4, 3, seed=3)
BOTH = Call(UP), Call(DOWN), Call(MIXED)


@model(*BOTH)
class SideUnderNoGrad(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            with torch.no_grad():
                x = self.linear(x)
        return self.linear(x)


@model(*BOTH)
class BranchUnderNoGrad(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            return self.linear(x)
        return x * 2


@model(*BOTH)
class SideUnderAutocast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.linear(x).float()
        return self.linear(x)


@model(*BOTH)
class BranchUnderAutocast(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.linear(x)
            if x.sum() > 1:
                y = self.linear(y.float() * 2)
        return y.float()


@model(*BOTH)
class TrainingAndValue(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if self.training or x.sum() > 1:
            x = F.dropout(x, 0.5, self.training) * 3
        return x + 1


@model(*BOTH, training=True)
class DropoutOnOneSide(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1:
            return x * 2
        return self.dropout(x)


@model(*BOTH)
class GradEnabledAndValue(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        with torch.set_grad_enabled(False):
            scale = x.abs().max()
            if scale > 1:
                x = x / scale
        return x.exp()
