"""Models that several tests verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.export import Dim

import torchdraft


class Clean(torch.nn.Module):
    """Can be exported without any issue."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = torch.nn.Linear(4, 3)

    def forward(self, x: torch.Tensor, *, scale: torch.Tensor) -> dict[str, torch.Tensor]:
        y = self.lin(x)
        return {"y": y * scale, "sum": y.sum(0)}


class Branches(torch.nn.Module):
    """Two guards on one line, and one more."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        z = x * 2 if x.sum() > 0 and y.sum() > 0 else x
        return z + 1 if x[0, 0] > -5 else z


class Counts(torch.nn.Module):
    """A buffer that every call changes, and a running mean."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.norm = torch.nn.BatchNorm1d(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.norm(x) * self.calls


class Embeds(torch.nn.Module):
    """Uses integers as indices, directly and with an offset, and gathers from the input itself."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(10, 4)

    def forward(self, ids: torch.Tensor, shifted: torch.Tensor, x: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        return self.table(ids).sum() + self.table(shifted + 3).sum() + x.index_select(0, rows).sum()


class Drops(torch.nn.Module):
    """One random output and one that is not random."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.nn.functional.dropout(x * 3, 0.5, training=True), x * 2


class Remembers(torch.nn.Module):
    """State that a program does not update: an attribute."""

    calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return x * self.calls


@dataclass
class Batch:
    ids: torch.Tensor
    more: dict[str, Any]


class Nested(torch.nn.Module):
    """A dataclass, a dict and a number among the inputs."""

    def forward(self, batch: Batch, k: int, *, flag: bool = True) -> list[torch.Tensor]:
        y = batch.ids.float() * k
        return [y + batch.more["bias"] if flag else y]


class WrongModule(torch.nn.Module):
    """Replaces the module of a program."""

    def __init__(self, module: torch.nn.Module, call: Any) -> None:
        super().__init__()
        self.module = module
        self.call = call

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(self.module, *args, **kwargs)

    def named_buffers(self, *args: Any, **kwargs: Any) -> Any:
        """The buffers by their names in the program."""
        return self.module.named_buffers(*args, **kwargs)

    def named_parameters(self, *args: Any, **kwargs: Any) -> Any:
        return self.module.named_parameters(*args, **kwargs)


def wrong(program: torch.export.ExportedProgram, call: Any) -> torch.export.ExportedProgram:
    """The program with another module that returns `call(module, *args, **kwargs)`."""
    import copy

    made = copy.copy(program)
    vars(made)["module"] = lambda: WrongModule(program.module(), call)
    return made


def drafted(model: torch.nn.Module, *args: Any, shapes: Any = None, **kwargs: Any) -> torch.export.ExportedProgram:
    return torchdraft.draft_export(model, args, kwargs, dynamic_shapes=shapes)


def clean() -> tuple[Clean, torch.export.ExportedProgram]:
    torch.manual_seed(0)
    model = Clean()
    shapes = {"x": {0: Dim.AUTO}, "scale": None}
    return model, drafted(model, torch.randn(5, 4), scale=torch.rand(3), shapes=shapes)
