"""Drafts a random model and compares its program with the model on several inputs."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import torch

import torchdraft
from tests.draft.paths.every_path import outcome
from torchdraft import PathBudget

from .generate import source

INPUTS = tuple(
    (torch.tensor(values), torch.tensor(count))
    for values, count in (
        ([1.0, 2.0, 3.0], 2),
        ([-1.0, -2.0, -3.0], 0),
        ([-4.0, 5.0, 0.5], 4),
        ([0.1, -0.2, 0.3], 1),
        ([30.0, -8.0, -9.0], 3),
    )
)
BUDGET = PathBudget(paths=24, at_one_line=4)
Export = Callable[..., torch.export.ExportedProgram]


def scaled(k: Any, asked: Any, y: torch.Tensor) -> torch.Tensor:
    """A function that branches on an argument while the others are on the stack."""
    return y * k if asked else y


def built(number: int, seed: int = 0) -> torch.nn.Module:
    """The model of a number."""
    text, name = source(number, seed), f"<random model {seed}:{number}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    names: dict[str, Any] = {"torch": torch, "scaled": scaled, "__name__": __name__}
    exec(compile(text, name, "exec"), names)
    model: torch.nn.Module = names["Model"]()
    return model


def outcomes(number: int, seed: int = 0, paths: Any = BUDGET, export: Export | None = None) -> list[str]:
    """For each input `right`, `loud`, or what is wrong. The first input is the example, drawn by the number."""
    model = built(number, seed)
    turned = INPUTS[number % len(INPUTS) :] + INPUTS[: number % len(INPUTS)]
    program = (export or torchdraft.draft_export)(model, turned[0], paths=paths)
    return [outcome(model, program, args) for args in turned]
