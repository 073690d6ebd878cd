"""Saves a program with its report inside: a `.pt2` that torch reads, and that gives the report back here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from torchdraft._draft.finish.pipeline import run_file_passes
from torchdraft._torch.patches.quiet import torch_output_suppressed
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import LOAD

from .model import Report

REPORT = "torchdraft/report.json"
"""Name of the report among a `.pt2`'s extra files."""


def save(program: torch.export.ExportedProgram, path: Any, *, extra_files: Mapping[str, Any] | None = None) -> None:
    """`torch.export.save`, with the program's report as an extra file.

    What stands in the way of reading the file again is mended in `program`: a condition among the outputs, or a number
    that was asserted to be another. Programs made by `run_decompositions` have these too, and torch's.

    Args:
        program: an exported program; one without a report is saved as torch would.
        path: a path or a writable binary file.
        extra_files: further names and texts to store.

    Raises what `torch.export.save` raises.

    """
    files = dict(extra_files or {})
    report = getattr(program, "_report", None)
    if isinstance(report, Report):
        files[REPORT] = report.to_json(indent=None)
    run_file_passes(program)
    with torch_output_suppressed():
        torch.export.save(program, path, extra_files=files)


def load(path: Any) -> torch.export.ExportedProgram:
    """`torch.export.load`; the program's `_report` is there again if it was saved with one.

    `path` is a path or a readable binary file. Raises `ReportFormatError` where a newer torchdraft wrote the report,
    and what `torch.export.load` raises.
    """
    files = {REPORT: ""}
    with torch_output_suppressed(), applied(LOAD):
        program = torch.export.load(path, extra_files=files)
    if files[REPORT]:
        program._report = Report.from_json(files[REPORT])
    return program
