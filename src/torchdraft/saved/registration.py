"""Registers the nodes of the file format with pytree, and its operator, as soon as torch is imported.

`torch.export.load` looks them up by name. A process that imports torchdraft and torch, in either order, can therefore
load every saved program, also without `torchdraft.load`. Importing torchdraft does not import torch.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MODULES = ("torchdraft.saved.structures", "torchdraft.saved.operator_calls")
"""The modules that register the nodes and the operator when they are imported."""


def register_with_torch() -> None:
    """Registers the nodes now if torch is imported, and otherwise right after its import."""
    if sys.modules.get("torch") is not None:
        _register()
    else:
        sys.meta_path.insert(0, _AfterTorch())


def _register() -> None:
    with suppress(ImportError):  # of an unsupported torch: the first name that needs torch raises
        for module in MODULES:
            importlib.import_module(module)


class _AfterTorch(MetaPathFinder):
    """Finds torch with the other finders, and registers the nodes once torch has been loaded."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = self._found_by_others(name, path, target) if name == "torch" else None
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_register(module: ModuleType) -> None:
            load(module)
            with suppress(ValueError):
                sys.meta_path.remove(self)
            _register()

        spec.loader.exec_module = load_and_register  # type: ignore[method-assign]
        return spec

    def _found_by_others(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        specs = (finder.find_spec(name, path, target) for finder in list(sys.meta_path) if finder is not self)
        return next((spec for spec in specs if spec is not None), None)
