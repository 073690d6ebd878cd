"""Models whose saved programs contain every name and encoding that torchdraft writes into a `.pt2`.

The files in `fixtures/` refer to the classes of this module by name: it may grow, but nothing in it may be renamed.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import types
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

import torchdraft


class Kind(enum.Enum):
    ROWS = 1


def scale(value: Any) -> Any:
    return value * 2


@dataclasses.dataclass
class Point:
    x: torch.Tensor
    label: str


class Pair(NamedTuple):
    left: torch.Tensor
    right: torch.Tensor


class Holder:
    def __init__(self, **content: Any) -> None:
        vars(self).update(content)


class Table(dict):  # type: ignore[type-arg]
    __slots__ = ("owner",)


CLASSES = (Point, Pair, Holder, Table)
"""The classes that pytree must know before a program is loaded."""


class TupleKeys(torch.nn.Module):
    def forward(self, edges: Any) -> Any:
        pairs = {(source, target): weight * 2 for (source, _, target), weight in edges["plain"].items()}
        (weight,) = edges["ordered"].values()
        return {"pairs": pairs, "sum": weight + 1}


class Containers(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return {
            "sets": ({"a", 2}, frozenset({3})),
            "ranges": [slice(0, x.shape[0]), range(4)],
            "proxy": types.MappingProxyType({"x": x}),
            "keys": {torch.float32: x, (1, torch.long): x, Holder: x},
            "results": (x.max(0), x.topk(1)),
            "views": (x.shape, collections.OrderedDict(a=(x, torch.float32)), collections.deque([range(2)])),
        }


class Values(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return [
            (x, 1j, b"bytes", "text", ..., Kind.ROWS, scale, Holder),
            (np.arange(6).reshape(2, 3).T, np.float64(0.5), np.array(["a", "b"])),
            (x.dtype, x.device, x.layout, torch.channels_last, torch.Size([2, 3])),
        ]


class Objects(torch.nn.Module):
    def forward(self, holder: Holder) -> Any:
        table = Table({"x": holder.x * 2, ("a", 1): holder.x})
        table.owner = holder.text
        inner = Holder(x=holder.x + 1)
        outer = Holder(inner=inner, kind=holder.kind, sizes={"rows": 2}, path=("a", ("b", 1)), lost=iter)
        inner.outer = weakref.ref(outer)
        return {"table": table, "outer": outer, "point": Point(holder.x, "origin"), "pair": Pair(holder.x, holder.x)}


class Nothing(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> None:
        x.add_(1)


class Conditions(torch.nn.Module):
    def forward(self, x: torch.Tensor, n: torch.Tensor) -> Any:
        rows = n.item()
        low = x[:rows].uniform_(generator=None) * 0 if x.sum() > 0 else x[:rows]
        return low, x.shape[0] > 3, round(rows / 2)


def _edges() -> Any:
    weights = {("user", "buys", "item"): torch.ones(3), ("item", "by", "user"): torch.zeros(3)}
    return {"plain": weights, "ordered": collections.OrderedDict({("a", 1): torch.ones(2)})}


@dataclasses.dataclass(frozen=True)
class Saved:
    """A model and its example inputs."""

    model: type[torch.nn.Module]
    args: Callable[[], tuple[Any, ...]]
    dynamic_shapes: Any = None


_ROWS = torch.export.Dim.DYNAMIC

SAVED = {
    "tuple_keys": Saved(TupleKeys, lambda: (_edges(),)),
    "containers": Saved(Containers, lambda: (torch.arange(6.0).reshape(3, 2),), {"x": {0: _ROWS}}),
    "values": Saved(Values, lambda: (torch.ones(2),)),
    "objects": Saved(Objects, lambda: (Holder(x=torch.ones(2), kind=Kind.ROWS, text="text"),)),
    "nothing": Saved(Nothing, lambda: (torch.ones(2),)),
    "conditions": Saved(Conditions, lambda: (torch.ones(4, 2), torch.tensor(3)), {"x": {0: _ROWS}, "n": None}),
}


def draft(saved: Saved) -> Any:
    """The program of a model, with its report."""
    return torchdraft.draft_export(saved.model(), saved.args(), dynamic_shapes=saved.dynamic_shapes)
