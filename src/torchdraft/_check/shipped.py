"""The report of a target as it holds in another runtime."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from torchdraft._targets.usage_error import UsageError
from torchdraft.model import Report
from torchdraft.model.shipment import Shipment

RUNTIMES = {"onnx": ".onnx", "executorch": ".pte", "aoti": ".pt2"}
"""Runtime → ending of its files."""


def report_in(runtime: str, program: Any, model: Any) -> Report:
    """Ship the program to a temporary file, run it, and return the report with the severities that hold there.

    Raises `UsageError` if the program cannot be shipped, or is wrong in silence.
    """
    import torchdraft

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"program{RUNTIMES[runtime]}"
        try:
            shipment: Shipment = getattr(torchdraft, f"to_{runtime}")(program, path, model=model)
        except Exception as error:
            raise UsageError(
                f"no file for {runtime}: {type(error).__name__}: {' '.join(str(error).split())[:500]}",
                expected="a program whose operators the runtime's exporter can translate",
            ) from error
    if shipment.silent:
        first = shipment.silent[0]
        raise UsageError(
            f"in {runtime}, {len(shipment.silent)} runs are wrong in silence; {first.origin}: {first.detail}",
            expected="the results of eager, or an error",
        )
    return shipment.report
