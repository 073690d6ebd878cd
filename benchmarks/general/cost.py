"""What `paths="all"` costs, counted in calls of functions, which other work on the machine does not change."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

import torchdraft

from .registry import MODELS


@dataclass(frozen=True, slots=True)
class Cost:
    """The calls of one model's drafts."""

    name: str
    example: int
    """Of a draft of the example's path."""
    every: int
    """Of a draft of all paths."""
    sides: int
    """Paths through the model that have to be traced so that each side is traced once."""

    @property
    def ratio(self) -> float:
        """The calls of a draft of all paths, in those of a draft for each of these paths."""
        return self.every / (self.example * self.sides)


class Convolutions(torch.nn.Module):
    """A small vision model."""

    def __init__(self) -> None:
        super().__init__()
        blocks = [[torch.nn.Conv2d(8, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU()] for _ in range(6)]
        self.layers = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), *(layer for block in blocks for layer in block))
        self.head = torch.nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits."""
        logits: torch.Tensor = self.head(self.layers(x).mean((2, 3)))
        return logits


def without_branches() -> dict[str, tuple[torch.nn.Module, tuple[Any, ...]]]:
    """Models in which data decides nothing."""
    layer = torch.nn.TransformerDecoderLayer(16, 2, batch_first=True)
    sequence = torch.ones(2, 5, 16)
    return {
        "vision": (Convolutions().eval(), (torch.ones(1, 3, 16, 16),)),
        "transformer": (torch.nn.TransformerDecoder(layer, 3).eval(), (sequence, sequence)),
    }


WITH_BRANCHES = (
    "branches:two-sides",
    "branches:nested",
    "branches:five-in-a-row",
    "layers:early-exit",
    "loops:while-norm",
    "loops:counted-with-branch",
)
"""Models of the corpus whose cost is counted."""


def calls(run: Callable[[], Any]) -> int:
    """The function calls of a run, after one that fills caches."""
    run()
    profile = cProfile.Profile()
    profile.runcall(run)
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


def costs(names: list[str]) -> Iterator[Cost]:
    """The costs of models without branches, and of these models of the corpus."""
    for name, (model, args) in without_branches().items():
        yield _cost(name, model, args, {})
    for name in names:
        entry = MODELS[name]
        args, kwargs = entry.example()
        yield _cost(name, entry.build(), args, kwargs)


def _cost(name: str, model: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Cost:
    counted = {
        paths: calls(lambda paths=paths: torchdraft.draft_export(model, args, kwargs, paths=paths))  # type: ignore[misc]
        for paths in ("example", "all")
    }
    report = torchdraft.draft_export(model, args, kwargs, paths="all")._report  # type: ignore[attr-defined]
    sides = 1 + sum(branch.kept for branch in report.paths)
    return Cost(name, counted["example"], counted["all"], sides)


def table(found: list[Cost]) -> Iterator[str]:
    """The costs as a table."""
    yield "| model | paths to trace | calls, example | calls, all paths | all paths, in drafts of each path |"
    yield "| --- | --- | --- | --- | --- |"
    for each in found:
        yield f"| {each.name} | {each.sides} | {each.example:,} | {each.every:,} | {each.ratio:.2f} |"
