"""Registers the nodes of the file format with pytree as soon as torch is imported.

`import torchdraft` imports no torch, and `import torchdraft` is all that `torch.export.load` needs to read a program of
ours, whichever of the two is imported first. Hence a finder that waits for the import of torch.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from torchdraft.model.errors import UnsupportedTorch


def register_when_torch_is_imported() -> None:
    """Registers the nodes now if torch is imported, and otherwise right after its import."""
    if "torch" in sys.modules:
        _register()
    elif not any(isinstance(finder, _TorchFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _TorchFinder())


def _register() -> None:
    """Imports the module that registers the nodes. An unsupported torch is reported where torchdraft is used."""
    try:
        importlib.import_module("torchdraft.saved.structures")
    except UnsupportedTorch:
        return


class _TorchFinder(MetaPathFinder):
    """Finds torch where the other finders do, and extends its loader."""

    def __init__(self) -> None:
        self.searching = False

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "torch" or self.searching:
            return None
        self.searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.searching = False
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            loader.exec_module = self.then_register(loader.exec_module)
        return spec

    def then_register(self, exec_module: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        """The import of torch, followed by the registration. The finder stays until then: others may only look."""

        def run(module: ModuleType) -> None:
            exec_module(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register()

        return run
