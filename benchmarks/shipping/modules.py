"""The modules that are shipped: one for each kind of assumption, and for each shape that branches and loops have."""

from __future__ import annotations

import torch
from torch import Tensor

from torchdraft._torch.graph.control_flow import map_rows, scan_rows


class Branch(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.mean().item() > 0.5 else x - 1


class BoolBranch(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum() > 0 else x - 1


class LoopCount(torch.nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for _ in range(int(n)):
            x = x * 2
        return x


class Slice(torch.nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        y = x[: int(n)]
        return y * 2 if y.shape[0] > 2 else y


class Matches(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        found = x[x > 0.7]
        return found * 2 if found.shape[0] == 19 else found - 1


class Doubled(torch.nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * 2 if 2 * x.shape[0] == y.shape[0] else x - 1


class HostRead(torch.nn.Module):
    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return x * float(scale.numpy()[0])


class FixedSize(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(4, 6).sum(0) if x.shape[0] == 4 else x.sum(0)


class SizeBranch(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.shape[0] > 4 else x - 1


class OddSize(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.shape[0] % 2 == 0 else x - 1


class ZeroOne(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.shape[0] == 1 else x - 1


class EqualSizes(torch.nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x * 2 if x.shape[0] == y.shape[0] else x - 1


class Ranged(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.cumsum(0)


class WritesInput(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x * 2


class WritesBuffer(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Module()
        self.inner.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.inner.seen.add_(x.sum())
        return x * self.inner.seen


class NoGradBranch(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            y = x * 2 if x.mean().item() > 0.5 else x - 1
        return y + 1


class Raises(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.min().item() < 0:
            raise ValueError("negative")
        return x.sqrt()


class BothSides(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = x * 2 if x.sum() > 0 else x - 1
        return x.relu()


class BranchInSide(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x * 2 if x.max().item() > 0.75 else x * 3
        return x - 1


class ElifChain(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean()
        if mean > 1:
            return x * 2
        elif mean > 0:  # noqa: RET505  (the shape that is measured)
            return x + 1
        elif mean > -1:
            return x - 1
        return x / 2


class NumberOfSide(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        scale = x.max().item() if x.sum() > 0 else 2.0
        return x * scale


class SizeOfSide(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        flat = x[x > 0.7] if x.sum() > 0 else x.reshape(-1)
        return flat * 2


class LoopOnData(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.norm() < 100:
            x = x * 2
        return x + 1


class LoopInSide(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            while x.norm() < 100:
                x = x * 2
        return x + 1


class CountedLoop(torch.nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        for _ in range(int(n)):
            x = x * 2
        return x + 1


class WritesBufferInSide(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            self.seen.add_(x.sum())
        return x + self.seen


class WritesInputInSide(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            x.mul_(2)
        return x + 1


class RaisesInSide(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            if x.min() < -5:
                raise ValueError("below -5")
            return x * 2
        return x - 1


class ChecksInSide(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            torch._check(x.max().item() < 10)
            return x * 2
        return x - 1


class CondAsserts(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        def positive(x: Tensor) -> Tensor:
            n = x.abs().max().item()
            torch._check(n < 10)
            return x * 2

        def negative(x: Tensor) -> Tensor:
            return x - 1

        return torch.cond(x.sum() > 0, positive, negative, (x,))


class WhileLoop(torch.nn.Module):
    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        def more(i: Tensor, x: Tensor) -> Tensor:
            return i < n

        def step(i: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
            return i + 1, x * 2

        return torch.while_loop(more, step, (torch.zeros((), dtype=torch.int64), x))[1]


class LoopAsserts(torch.nn.Module):
    """Asserts something in every turn of a loop."""

    def forward(self, x: Tensor, n: Tensor) -> Tensor:
        def more(i: Tensor, x: Tensor) -> Tensor:
            return i < n

        def step(i: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
            torch._check(x.abs().max().item() < 100)
            return i + 1, x * 2

        return torch.while_loop(more, step, (torch.zeros((), dtype=torch.int64), x))[1]


class MapAsserts(torch.nn.Module):
    """Asserts something of every row."""

    def forward(self, x: Tensor) -> Tensor:
        def scaled(row: Tensor) -> Tensor:
            torch._check(row.abs().max().item() < 10)
            return row * 2

        return map_rows(scaled, x)


class ScanAsserts(torch.nn.Module):
    """Asserts something of every row, and adds the rows up."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        def add(total: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
            torch._check(row.abs().max().item() < 10)
            return total + row, total * 2

        return scan_rows(add, torch.zeros_like(x[0]), x)


class ConstantArgument(torch.nn.Module):
    def forward(self, x: Tensor, double: bool = True) -> Tensor:
        return x * 2 if double else x


class Recorded(torch.nn.Module):
    """NumPy in the middle: a recorded run."""

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        import numpy as np

        scale = float(np.median(w.numpy()))
        return x * scale


class Structured(torch.nn.Module):
    """Returns a structure with a number and a constant, and takes a flag."""

    def forward(self, x: Tensor, double: bool = True) -> dict[str, object]:
        return {"scaled": x * 2 if double else x, "rows": x.shape[0], "pair": (x + 1, "text", None)}
