"""Imports the packages of an optional extra, or says which extra has them."""

from __future__ import annotations

import importlib
from typing import Any

EXTRA_OF = {"onnx": "onnx", "onnxscript": "onnx", "onnxruntime": "onnx", "executorch": "executorch"}
"""Package → the optional extra of torchdraft that installs it."""


class MissingExtra(ImportError):
    """A package that torchdraft installs on request only is not installed."""


def needed(*modules: str) -> list[Any]:
    """The modules. Raises `MissingExtra`, which names what to install."""
    found = []
    for name in modules:
        try:
            found.append(importlib.import_module(name))
        except ImportError as error:
            package = name.partition(".")[0]
            extra = EXTRA_OF[package]
            raise MissingExtra(
                f"{package} is not installed ({error}). It comes with an extra of torchdraft: "
                f'pip install "torchdraft[{extra}]"'
            ) from error
    return found
