"""Resolves private names of torch, and checks its version."""

from __future__ import annotations

import importlib
import re
from typing import Any

import torch

from torchdraft.model.errors import UnsupportedTorch

SUPPORTED = ((2, 13), (2, 15))
"""First and last minor version of torch that torchdraft is tested with, inclusive."""


def version() -> tuple[int, int]:
    """Major and minor version of the installed torch."""
    found = re.match(r"(\d+)\.(\d+)", torch.__version__)
    if found is None:
        raise UnsupportedTorch(f"torchdraft cannot read torch's version: {torch.__version__!r}")
    return int(found[1]), int(found[2])


def check_version() -> None:
    """Raises `UnsupportedTorch` unless the installed torch is within `SUPPORTED`."""
    low, high = SUPPORTED
    if not low <= version() <= high:
        raise UnsupportedTorch(
            f"torchdraft supports torch {low[0]}.{low[1]} to {high[0]}.{high[1]}; found torch {torch.__version__}. "
            f'Install a supported one: pip install "torch>={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"'
        )


def need(path: str) -> Any:
    """The object at `package.module:attribute.path`. Raises `UnsupportedTorch`, which names it, where it is missing.

    Other errors of the import are raised as they are: a broken package that torch imports is no other torch.
    """
    module_name, _, attributes = path.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ImportError as error:
        if not _is_of_torch(error):
            raise
        raise _missing(path, error) from error
    try:
        for name in attributes.split(".") if attributes else ():
            found = getattr(found, name)
    except AttributeError as error:
        raise _missing(path, error) from error
    return found


def _is_of_torch(error: ImportError) -> bool:
    """Whether a module or name of torch is missing, and not one of a package that torch imports, or a file of the user
    that has its name.
    """
    return error.name is None or error.name.partition(".")[0] == "torch"


def _missing(path: str, error: Exception) -> UnsupportedTorch:
    return UnsupportedTorch(
        f"torchdraft needs {path} which torch {torch.__version__} does not have ({error}); "
        f"please report it with this torch version"
    )
