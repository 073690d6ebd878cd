"""The list of models. A kind is a file of `corpus/`; each model has an example and other inputs that eager takes."""

from __future__ import annotations

import copy
import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim


class Call:
    """The arguments of one call. Calling it gives copies, so that no run sees what another one wrote."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._given = args, kwargs

    def __call__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return copy.deepcopy(self._given)


@dataclass(frozen=True, kw_only=True)
class Model:
    """One entry of the corpus."""

    name: str
    """`kind:words-of-the-class`."""
    kind: str
    module: Callable[[], torch.nn.Module]
    example: Call
    others: tuple[Call, ...]
    """Inputs that eager takes. At least one goes another way than the example, or has other sizes."""
    refused: tuple[Call, ...] = ()
    """Inputs on which eager raises, so that the program has to raise as well."""
    shapes: Any = None
    """The dynamic shapes to request."""
    training: bool = False

    def build(self) -> torch.nn.Module:
        """A new module, equal to every other one."""
        torch.manual_seed(0)
        return self.module().train(self.training)


MODELS: dict[str, Model] = {}


def model(example: Call, *others: Call, **options: Any) -> Callable[[type], type]:
    """Registers a class of modules under the name of its file and its own name."""

    def register(cls: type) -> type:
        kind = cls.__module__.rsplit(".", 1)[-1].replace("_", "-")
        name = f"{kind}:{re.sub('(?<!^)(?=[A-Z])', '-', cls.__name__).lower()}"
        if name in MODELS:
            raise ValueError(f"two models are called {name}")
        MODELS[name] = Model(name=name, kind=kind, module=cls, example=example, others=others, **options)
        return cls

    return register


def load() -> dict[str, Model]:
    """All models, in the order of the files."""
    corpus = importlib.import_module(f"{__package__}.corpus")
    for file in pkgutil.iter_modules(corpus.__path__):
        importlib.import_module(f"{corpus.__name__}.{file.name}")
    return MODELS


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def positive(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers from 0.1 to 1.1."""
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) + 0.1


def negative(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers from -1.1 to -0.1."""
    return -positive(*shape, seed=seed)


def number(value: float) -> Tensor:
    """A tensor without dimensions."""
    return torch.tensor(value)


def dynamic(*names: str, dims: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Dynamic shapes for these dimensions of these arguments."""
    return {name: dict.fromkeys(dims, Dim.AUTO) for name in names}
