"""The models: one for each kind of issue, with inputs that break an assumption of its draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim

Args = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model."""

    kind: str
    """The issue, or what the program asserts."""
    build: Callable[[], torch.nn.Module]
    example: Args
    shapes: Any = None
    others: tuple[Args, ...] = ()
    """Inputs on which the program is right."""
    broken: tuple[Args, ...] = ()
    """Inputs that break an assumption: a program that returns something else than eager is wrong in silence."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options of `torchdraft.draft_export`."""


def _ramp(*shape: int) -> Tensor:
    count = int(torch.tensor(shape).prod())
    return torch.arange(count, dtype=torch.float32).reshape(shape) / max(count, 1) + 0.5


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
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen.add_(x.sum())
        return x * self.seen


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


class ConstantArgument(torch.nn.Module):
    def forward(self, x: Tensor, double: bool = True) -> Tensor:
        return x * 2 if double else x


class Recorded(torch.nn.Module):
    """NumPy in the middle: a recorded run."""

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        import numpy as np

        scale = float(np.median(w.numpy()))
        return x * scale


_x, _auto = _ramp(6, 4), ({0: Dim.AUTO},)

MODELS = (
    Model(kind="TD101 branch on a number", build=Branch, example=(_x,), others=(_x + 1,), broken=(_x - 9,)),
    Model(
        kind="TD101 branch on a bool", build=BoolBranch, example=(_x,), others=(_x + 1,), broken=(-_x,), shapes=_auto
    ),
    Model(
        kind="TD102 size from data",
        build=LoopCount,
        example=(_x, torch.tensor(3)),
        others=((_x + 1, torch.tensor(3)),),
        broken=((_x, torch.tensor(2)), (_x, torch.tensor(4))),
    ),
    Model(
        kind="TD102 length of a slice",
        build=Slice,
        example=(_x, torch.tensor(4)),
        others=((_x, torch.tensor(3)),),
        broken=((_x, torch.tensor(1)),),
    ),
    Model(kind="TD102 number of matches", build=Matches, example=(_x,), broken=(_x + 1, _x - 0.2)),
    Model(
        kind="TD204 one size twice the other",
        build=Doubled,
        example=(_ramp(3, 4), _x),
        shapes=({0: Dim.AUTO}, {0: Dim.AUTO}),
        others=((_ramp(4, 4), _ramp(8, 4)),),
        broken=((_x, _x), (_x, _ramp(13, 4))),
    ),
    Model(
        kind="TD103 host read",
        build=HostRead,
        example=(_x, torch.tensor([2.0])),
        others=((_x + 1, torch.tensor([2.0])),),
        broken=((_x, torch.tensor([3.0])),),
    ),
    Model(
        kind="TD201 fixed size",
        build=FixedSize,
        example=(_ramp(4, 6),),
        shapes=({0: Dim("n", min=2, max=9)},),
        broken=((_ramp(5, 6)),),
    ),
    Model(kind="TD202 size in a branch", build=SizeBranch, example=(_x,), shapes=_auto, broken=(_ramp(3, 4),)),
    Model(kind="TD202 remainder of a size", build=OddSize, example=(_x,), shapes=_auto, broken=(_ramp(7, 4),)),
    Model(kind="TD203 size of 0 or 1", build=ZeroOne, example=(_x,), shapes=_auto, broken=(_ramp(1, 4),)),
    Model(
        kind="TD204 equal sizes",
        build=EqualSizes,
        example=(_x, _x + 1),
        shapes=({0: Dim.AUTO}, {0: Dim.AUTO}),
        others=((_ramp(5, 4), _ramp(5, 4)),),
        broken=((_x, _ramp(5, 4)),),
    ),
    Model(
        kind="range of a dimension",
        build=Ranged,
        example=(_x,),
        shapes=({0: Dim("n", min=3, max=9)},),
        others=(_ramp(9, 4),),
        broken=(_ramp(12, 4),),
    ),
    Model(kind="static shape", build=Ranged, example=(_x,), others=(_x + 1,), broken=(_ramp(7, 4),)),
    Model(kind="TD401 write to an input", build=WritesInput, example=(_x,), others=(_x + 1,)),
    Model(kind="TD402 write to a buffer", build=WritesBuffer, example=(_x,), others=(_x + 1,)),
    Model(kind="branch under no_grad", build=NoGradBranch, example=(_x,), others=(_x + 1,), broken=(_x - 9,)),
    Model(kind="branch that raises", build=Raises, example=(_x,), others=(_x + 1,), broken=(-_x,)),
    Model(
        kind='both sides, paths="all"',
        build=BothSides,
        example=(_x,),
        others=(_x + 1, -_x),
        options={"paths": "all"},
    ),
    Model(
        kind='branch in a side, paths="all"',
        build=BranchInSide,
        example=(_x,),
        others=(_x + 1, -_x),
        broken=(_x / 4,),
        options={"paths": "all"},
    ),
    Model(kind="assertion in torch.cond", build=CondAsserts, example=(_x,), others=(-_x,), broken=(_x * 50,)),
    Model(
        kind="torch.while_loop",
        build=WhileLoop,
        example=(_x, torch.tensor(3)),
        others=((_x, torch.tensor(5)),),
    ),
    Model(kind="constant argument", build=ConstantArgument, example=(_x, True), others=((_x + 1, True),)),
    Model(
        kind="recorded run (NumPy)",
        build=Recorded,
        example=(_x, torch.tensor([1.0, 2.0, 3.0])),
        others=((_x + 1, torch.tensor([1.0, 2.0, 3.0])),),
        broken=((_x, torch.tensor([1.0, 4.0, 5.0])),),
    ),
)


def calls(inputs: tuple[Any, ...]) -> list[Args]:
    """The inputs as tuples of arguments."""
    return [each if isinstance(each, tuple) else (each,) for each in inputs]
