"""The list of operator cases. A kind is a file of `operators/`; each case has an example and other inputs."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..general.registry import Call, Model

LIB = torch.library.Library("td_cases", "DEF")
OPS = torch.ops.td_cases


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model that calls an operator, and what a draft has to report about it."""

    model: Model
    codes: frozenset[str]
    """Codes of torchdraft's rules, one of which the report has to have."""


CASES: dict[str, Case] = {}


class _Calls(torch.nn.Module):
    """Calls a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def define(schema: str, real: Callable[..., Any], fake: Callable[..., Any] | None = None, key: str = "CPU") -> Any:
    """Registers an operator by its schema, and returns it."""
    name = schema.partition("(")[0]
    LIB.define(schema)
    LIB.impl(name, real, key)
    if fake is not None:
        torch.library.register_fake(f"td_cases::{name}", fake, lib=LIB)
    return getattr(OPS, name)


def case(
    name: str,
    function: Callable[..., Any],
    example: Tensor | Callable[[], Any],
    *others: Tensor | Callable[[], Any],
    codes: str = "",
    dynamic: bool = False,
    refused: tuple[Any, ...] = (),
) -> None:
    """Registers a model that takes one argument. `dynamic`: its first dimension is requested to be dynamic."""
    if name in CASES:
        raise ValueError(f"two cases are called {name}")
    shapes = {"x": {0: torch.export.Dim.AUTO}} if dynamic else None
    model = Model(
        name=name,
        kind="operator",
        module=lambda: _Calls(function),
        example=Call(example),
        others=tuple(Call(other) for other in others),
        refused=tuple(Call(other) for other in refused),
        shapes=shapes,
    )
    CASES[name] = Case(model=model, codes=frozenset(codes.split()))


def load() -> dict[str, Case]:
    """All cases, in the order of the files."""
    operators = importlib.import_module(f"{__package__}.operators")
    for file in pkgutil.iter_modules(operators.__path__):
        importlib.import_module(f"{operators.__name__}.{file.name}")
    return CASES


def rows(count: int = 3, scale: float = 1.0, columns: int = 4) -> Tensor:
    """A matrix with as many positive numbers (all of them) as it has elements."""
    return (torch.arange(float(count * columns)).reshape(count, columns) + 1) * scale
