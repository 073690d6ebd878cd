"""The tables: the models that are their rows, and the consumers that are their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .consumers import CONSUMERS, ENDINGS, Run, consumed, ours, torchs
from .every_path import PROGRAMS
from .models import MODELS, Model

Column = Callable[[Model, Path], Run]
"""Makes what runs a model from the model and an empty folder."""


@dataclass(frozen=True, slots=True)
class Table:
    """One generated table of docs/shipping.md."""

    name: str
    rows: tuple[Model, ...]
    row_head: str
    columns: Mapping[str, Column]

    def cells(self) -> list[tuple[str, str]]:
        """The kind and the column of each cell."""
        return [(row.kind, column) for row in self.rows for column in self.columns]

    def row(self, kind: str) -> Model:
        """The model of a kind."""
        return next(each for each in self.rows if each.kind == kind)


_RUNTIMES = {"onnx": "ONNX", "executorch": "ExecuTorch", "aoti": "AOTInductor"}
_SHIPPERS: dict[str, Any] = {"torchdraft": ours, "torch": torchs}

KINDS = Table(
    "kinds",
    MODELS,
    "assumption",
    {
        f"{_RUNTIMES[runtime]}: {name}": partial(ship, runtime=runtime)
        for runtime in ENDINGS
        for name, ship in _SHIPPERS.items()
    },
)
PATHS = Table(
    "paths",
    PROGRAMS,
    'program of `paths="all"`',
    {
        **{name: partial(consumed, consumer=consumer) for name, consumer in CONSUMERS.items()},
        **{_RUNTIMES[runtime]: partial(ours, runtime=runtime) for runtime in ENDINGS},
    },
)
TABLES = (KINDS, PATHS)


def is_ours(column: str) -> bool:
    """Whether torchdraft is to blame for what is in a column."""
    return not column.endswith(": torch")
