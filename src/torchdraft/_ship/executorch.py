"""Ships a program to ExecuTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .prepared import Prepared, translating
from .rows import maps_as_scans
from .runtimes.executorch import METADATA
from .runtimes.extras import needed


def write_executorch(prepared: Prepared, path: Path, options: dict[str, Any]) -> None:
    """Writes the program to `path`."""
    (exir,) = needed("executorch.exir")
    maps_as_scans(prepared.program)
    with translating(prepared):
        edge = exir.to_edge_transform_and_lower(
            prepared.program,
            partitioner=options.pop("partitioner", None),
            constant_methods={METADATA: json.dumps(prepared.metadata())},
            compile_config=exir.EdgeCompileConfig(_check_ir_validity=False),
        )
        made = edge.to_executorch(options.pop("config", None))
    if options:
        raise TypeError(f"to_executorch has no options {', '.join(options)}; it has partitioner and config")
    with path.open("wb") as file:
        made.write_to_file(file)
