"""The list of models. Each is a factory, so that every measurement gets a new model."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.export import Dim

from ..boxes import load_torchvision

Example = tuple[torch.nn.Module, tuple[Any, ...], dict[str, Any], Any]
"""Module, args, kwargs, and the dynamic shapes to request. None if no dimension can be dynamic."""
Factory = Callable[[], Example]

PACKAGES = {
    "plain": "torch",
    "hf_text": "transformers",
    "hf_other": "transformers",
    "timm_models": "timm",
    "torchvision_models": "torchvision",
    "pyg": "torch_geometric",
    "diffusers_models": "diffusers",
    "quantizers": "vector_quantize_pytorch",
    "lucidrains": "x_transformers",
    "kornia_models": "kornia",
    "metrics": "torchmetrics",
}
"""The files of the zoo, with the package that each requires."""


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the zoo."""

    name: str
    package: str
    factory: Factory

    def build(self) -> Example:
        """A new model with its inputs, equal to every other one."""
        torch.manual_seed(0)
        return self.factory()


MODELS: dict[str, Model] = {}


def model(package: str, name: str) -> Callable[[Factory], Factory]:
    """Registers a factory under `package:name`."""

    def register(factory: Factory) -> Factory:
        key = f"{package}:{name}"
        if key in MODELS:
            raise ValueError(f"two models are called {key}")
        MODELS[key] = Model(key, package, factory)
        return factory

    return register


def load() -> Iterator[str]:
    """Registers the models of installed packages. Yields the missing packages."""
    load_torchvision()
    for file, package in PACKAGES.items():
        if importlib.util.find_spec(package) is None:
            yield package
        else:
            importlib.import_module(f"{__package__}.{file}")


def rows(*names: str, dims: tuple[int, ...] = (0,)) -> dict[str, dict[int, Any]]:
    """Dynamic shapes for these dimensions of these arguments."""
    return {name: dict.fromkeys(dims, Dim.AUTO) for name in names}


def images(count: int = 2, size: int = 32, channels: int = 3) -> torch.Tensor:
    """Random images."""
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(1))


def ids(count: int = 2, length: int = 7, vocabulary: int = 64) -> torch.Tensor:
    """Random token ids without 0 to 3, which have special meanings in some models."""
    return torch.randint(4, vocabulary, (count, length), generator=torch.Generator().manual_seed(1))


def noise(*size: int) -> torch.Tensor:
    """Random numbers."""
    return torch.randn(*size, generator=torch.Generator().manual_seed(1))
