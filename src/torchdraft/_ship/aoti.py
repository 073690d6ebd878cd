"""Ships a program to AOTInductor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torchdraft._torch.exporters.aoti import compile_package
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import COMPILE

from .prepared import Prepared, translating
from .runtimes.aoti import METADATA


def write_aoti(prepared: Prepared, path: Path, options: dict[str, Any]) -> None:
    """Compiles the program to the package `path`. `options` are inductor's configuration."""
    metadata = {**options.get("aot_inductor.metadata", {}), METADATA: json.dumps(prepared.metadata())}
    with translating(prepared), applied(COMPILE):
        compile_package(prepared.program, path, {**options, "aot_inductor.metadata": metadata})
