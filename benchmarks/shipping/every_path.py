"""Programs of `paths="all"`: branches and loops in the shapes that models have, with inputs that take every side."""

from __future__ import annotations

import torch
from torch.export import Dim

from .models import Model, X, ramp
from .modules import (
    BothSides,
    BranchInSide,
    ChecksInSide,
    CountedLoop,
    ElifChain,
    LoopInSide,
    LoopOnData,
    NumberOfSide,
    RaisesInSide,
    SizeBranch,
    SizeOfSide,
    WritesBufferInSide,
    WritesInputInSide,
)

_ALL = {"paths": "all"}

PROGRAMS = (
    Model(kind="branch", build=BothSides, example=(X,), others=(X + 1, -X), options=_ALL),
    Model(kind="branch in a side", build=BranchInSide, example=(X,), others=(X / 4, -X), options=_ALL),
    Model(kind="if, elif, elif, else", build=ElifChain, example=(X,), others=(X + 1, -X / 2, -X - 9), options=_ALL),
    Model(
        kind="branch on a size",
        build=SizeBranch,
        example=(X,),
        shapes=({0: Dim.AUTO},),
        others=(ramp(3, 4),),
        options=_ALL,
    ),
    Model(kind="number that a side reads", build=NumberOfSide, example=(X,), others=(X + 1, -X), options=_ALL),
    Model(kind="size that a side has", build=SizeOfSide, example=(X,), others=(X - 0.2, -X), options=_ALL),
    Model(kind="while loop", build=LoopOnData, example=(X,), others=(X * 9, X * 99), options=_ALL),
    Model(
        kind="for loop over a number",
        build=CountedLoop,
        example=(X, torch.tensor(3)),
        others=((X, torch.tensor(5)), (X, torch.tensor(0))),
        options=_ALL,
    ),
    Model(kind="while loop in a side", build=LoopInSide, example=(X,), others=(X * 9, -X), options=_ALL),
    Model(kind="write to a buffer in a side", build=WritesBufferInSide, example=(X,), others=(X + 1, -X), options=_ALL),
    Model(kind="write to an input in a side", build=WritesInputInSide, example=(X,), others=(X + 1, -X), options=_ALL),
    Model(
        kind="side that raises",
        build=RaisesInSide,
        example=(X,),
        others=(X + 1, -X, X - 20),
        broken=(torch.cat([X * 99, X - 9]),),
        options=_ALL,
        shapes=({0: Dim.AUTO},),
    ),
    Model(
        kind="assertion in a side", build=ChecksInSide, example=(X,), others=(X + 1, -X), broken=(X * 50,), options=_ALL
    ),
)
