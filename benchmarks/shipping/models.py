"""The models: one for each kind of issue, with inputs that break an assumption of its draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim

from .modules import (
    BoolBranch,
    BothSides,
    Branch,
    BranchInSide,
    CondAsserts,
    ConstantArgument,
    Doubled,
    EqualSizes,
    FixedSize,
    HostRead,
    LoopAsserts,
    LoopCount,
    MapAsserts,
    Matches,
    NoGradBranch,
    OddSize,
    Raises,
    Ranged,
    Recorded,
    ScanAsserts,
    SizeBranch,
    Slice,
    WhileLoop,
    WritesBuffer,
    WritesInput,
    ZeroOne,
)

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


def ramp(*shape: int) -> Tensor:
    count = int(torch.tensor(shape).prod())
    return torch.arange(count, dtype=torch.float32).reshape(shape) / max(count, 1) + 0.5


X, _auto = ramp(6, 4), ({0: Dim.AUTO},)

MODELS = (
    Model(kind="TD101 branch on a number", build=Branch, example=(X,), others=(X + 1,), broken=(X - 9,)),
    Model(kind="TD101 branch on a bool", build=BoolBranch, example=(X,), others=(X + 1,), broken=(-X,), shapes=_auto),
    Model(
        kind="TD102 size from data",
        build=LoopCount,
        example=(X, torch.tensor(3)),
        others=((X + 1, torch.tensor(3)),),
        broken=((X, torch.tensor(2)), (X, torch.tensor(4))),
    ),
    Model(
        kind="TD102 length of a slice",
        build=Slice,
        example=(X, torch.tensor(4)),
        others=((X, torch.tensor(3)),),
        broken=((X, torch.tensor(1)),),
    ),
    Model(kind="TD102 number of matches", build=Matches, example=(X,), broken=(X + 1, X - 0.2)),
    Model(
        kind="TD204 one size twice the other",
        build=Doubled,
        example=(ramp(3, 4), X),
        shapes=({0: Dim.AUTO}, {0: Dim.AUTO}),
        others=((ramp(4, 4), ramp(8, 4)),),
        broken=((X, X), (X, ramp(13, 4))),
    ),
    Model(
        kind="TD103 host read",
        build=HostRead,
        example=(X, torch.tensor([2.0])),
        others=((X + 1, torch.tensor([2.0])),),
        broken=((X, torch.tensor([3.0])),),
    ),
    Model(
        kind="TD201 fixed size",
        build=FixedSize,
        example=(ramp(4, 6),),
        shapes=({0: Dim("n", min=2, max=9)},),
        broken=((ramp(5, 6)),),
    ),
    Model(kind="TD202 size in a branch", build=SizeBranch, example=(X,), shapes=_auto, broken=(ramp(3, 4),)),
    Model(kind="TD202 remainder of a size", build=OddSize, example=(X,), shapes=_auto, broken=(ramp(7, 4),)),
    Model(kind="TD203 size of 0 or 1", build=ZeroOne, example=(X,), shapes=_auto, broken=(ramp(1, 4),)),
    Model(
        kind="TD204 equal sizes",
        build=EqualSizes,
        example=(X, X + 1),
        shapes=({0: Dim.AUTO}, {0: Dim.AUTO}),
        others=((ramp(5, 4), ramp(5, 4)),),
        broken=((X, ramp(5, 4)),),
    ),
    Model(
        kind="range of a dimension",
        build=Ranged,
        example=(X,),
        shapes=({0: Dim("n", min=3, max=9)},),
        others=(ramp(9, 4),),
        broken=(ramp(12, 4),),
    ),
    Model(kind="static shape", build=Ranged, example=(X,), others=(X + 1,), broken=(ramp(7, 4),)),
    Model(kind="TD401 write to an input", build=WritesInput, example=(X,), others=(X + 1,)),
    Model(kind="TD402 write to a buffer", build=WritesBuffer, example=(X,), others=(X + 1,)),
    Model(kind="branch under no_grad", build=NoGradBranch, example=(X,), others=(X + 1,), broken=(X - 9,)),
    Model(kind="branch that raises", build=Raises, example=(X,), others=(X + 1,), broken=(-X,)),
    Model(
        kind='both sides, paths="all"',
        build=BothSides,
        example=(X,),
        others=(X + 1, -X),
        options={"paths": "all"},
    ),
    Model(
        kind='branch in a side, paths="all"',
        build=BranchInSide,
        example=(X,),
        others=(X + 1, -X),
        broken=(X / 4,),
        options={"paths": "all"},
    ),
    Model(kind="assertion in torch.cond", build=CondAsserts, example=(X,), others=(-X,), broken=(X * 50,)),
    Model(kind="assertion in map", build=MapAsserts, example=(X,), others=(-X,), broken=(X * 50,)),
    Model(kind="assertion in scan", build=ScanAsserts, example=(X,), others=(-X,), broken=(X * 50,)),
    Model(
        kind="assertion in torch.while_loop",
        build=LoopAsserts,
        example=(X, torch.tensor(3)),
        others=((X, torch.tensor(4)),),
        broken=((X, torch.tensor(12)),),
    ),
    Model(
        kind="torch.while_loop",
        build=WhileLoop,
        example=(X, torch.tensor(3)),
        others=((X, torch.tensor(5)),),
    ),
    Model(kind="constant argument", build=ConstantArgument, example=(X, True), others=((X + 1, True),)),
    Model(
        kind="recorded run (NumPy)",
        build=Recorded,
        example=(X, torch.tensor([1.0, 2.0, 3.0])),
        others=((X + 1, torch.tensor([1.0, 2.0, 3.0])),),
        broken=((X, torch.tensor([1.0, 4.0, 5.0])),),
    ),
)


def calls(inputs: tuple[Any, ...]) -> list[Args]:
    """The inputs as tuples of arguments."""
    return [each if isinstance(each, tuple) else (each,) for each in inputs]
