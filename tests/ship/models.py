"""Small models whose drafts make an assumption."""

from __future__ import annotations

import torch
from torch import Tensor


class Branch(torch.nn.Module):
    """Right where the mean is above 0.5."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.mean().item() > 0.5 else x - 1


class BoolBranch(torch.nn.Module):
    """Right where the sum is positive."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x - 1


class EqualSizes(torch.nn.Module):
    """Right where both inputs have equally many rows."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * 2 if x.shape[0] == y.shape[0] else x - 1


class Matches(torch.nn.Module):
    """Right where three elements are positive."""

    def forward(self, x: Tensor) -> Tensor:
        found = x[x > 0]
        return found * 2 if found.shape[0] == 3 else found - 1


class Counter(torch.nn.Module):
    """Writes to a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Module()
        self.inner.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.inner.seen.add_(x.sum())
        return x * self.inner.seen


class WritesInput(torch.nn.Module):
    """Writes to its input."""

    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x * 2


class Structured(torch.nn.Module):
    """Returns a structure with a number and a constant, and takes a flag."""

    def forward(self, x: Tensor, double: bool = True) -> dict[str, object]:
        return {"scaled": x * 2 if double else x, "rows": x.shape[0], "pair": (x + 1, "text", None)}


class BothSides(torch.nn.Module):
    """Takes either side."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x - 1


class CheckInSide(torch.nn.Module):
    """Asserts something on one side."""

    def forward(self, x: Tensor) -> Tensor:
        def positive(x: Tensor) -> Tensor:
            torch._check(x.max().item() < 10)
            return x * 2

        def negative(x: Tensor) -> Tensor:
            return x - 1

        return torch.cond(x.sum() > 0, positive, negative, (x,))


class LoopWithCheck(torch.nn.Module):
    """Asserts something in every iteration."""

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        def more(i: Tensor, x: Tensor) -> Tensor:
            return i < n

        def step(i: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
            torch._check(x.abs().max().item() < 100)
            return i + 1, x * 2

        return torch.while_loop(more, step, (torch.zeros((), dtype=torch.int64), x))[1]


@torch.library.custom_op("td_shipped::halved", mutates_args=())
def halved(x: torch.Tensor) -> torch.Tensor:
    return x[::2].clone()


@halved.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return x.new_empty((x.shape[0] // 2, *x.shape[1:]))  # right for even sizes


@torch.library.custom_op("td_shipped::doubled", mutates_args=())
def doubled(x: torch.Tensor) -> torch.Tensor:
    return x * 2


@doubled.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return torch.empty_like(x)


class Lying(torch.nn.Module):
    """Its operator is called through `torchdraft::call`, because its fake kernel is wrong on the example."""

    def forward(self, x):
        return halved(x) + 1


class Doubled(torch.nn.Module):
    def forward(self, x):
        return doubled(x) + 1
