"""Packages of AOTInductor: compiling and loading them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..probe import need


def compile_package(program: torch.export.ExportedProgram, path: Path, configs: Mapping[str, Any]) -> None:
    """Compiles a program to the package `path`. `configs` is inductor's configuration."""
    need("torch._inductor:aoti_compile_and_package")(program, package_path=str(path), inductor_configs=dict(configs))


def load_package(path: Path | str) -> Any:
    """The compiled program, as a callable."""
    return need("torch._inductor:aoti_load_package")(str(path))
