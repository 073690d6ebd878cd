"""What a case is: a model, the example it is drafted on, and other calls that its program is put to."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

FOLDER = Path(__file__).parent


class Call:
    """The arguments of one call. `args` and `kwargs` give copies, so that no run sees what another one wrote."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._given = args, kwargs

    def __call__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        # torch makes no deep copy of a sparse CSR tensor
        sparse = [t for t in tree_leaves(self._given) if isinstance(t, torch.Tensor) and t.layout is not torch.strided]
        return copy.deepcopy(self._given, {id(tensor): tensor.clone() for tensor in sparse})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One model with what is to be seen of its draft.

    `right`: calls on which the program has to equal eager. `other`: calls on which it may also raise, or be wrong where
    a `baked` issue names a line of the case. `codes`: issues the report has to hold. `rung`: the rung that serves.
    """

    origin: str
    """Where it comes from: an item of the list of upstream's failures, a line of the spec, a promise."""
    model: Callable[[], torch.nn.Module]
    example: Call
    right: tuple[Call, ...] = ()
    other: tuple[Call, ...] = ()
    dynamic_shapes: Any = None
    codes: frozenset[str] = frozenset()
    rung: str = "symbolic"
    options: Mapping[str, Any] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    saves: bool = True
    """Whether the program can be written to a file: operators and classes of the case itself may stand against it."""
    baked: bool = True
    """False where an issue of severity `baked` would be a false alarm."""
    xfail: str = ""


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Normal numbers that move no global random state."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=dtype)


def names() -> list[str]:
    """Every case, by the name of its file."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "case")


def load(name: str) -> Case:
    """The case in the file of that name."""
    found = importlib.import_module(f"tests.cases.{name}").CASE
    assert isinstance(found, Case)
    return found
