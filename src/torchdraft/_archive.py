"""Saves and loads programs with their reports, as `.pt2` files that `torch.export.load` reads too."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from torchdraft._draft.finish.pipeline import run_file_passes
from torchdraft._draft.finish.saving.single_values import single_value_ranges_widened
from torchdraft._draft.report.listing import ProgramGraph
from torchdraft._torch.patches.tracers.quiet import torch_output_suppressed
from torchdraft._torch.patching.registry import applied
from torchdraft._torch.patching.scopes import LOAD

from ._atomic import Sink, replacing
from ._load_errors import raise_explained
from .model import Report
from .model.errors import WrongType, WrongValue

log = logging.getLogger("torchdraft")

REPORT = "torchdraft/report.json"
"""Name of the report among a `.pt2`'s extra files."""


def save(program: torch.export.ExportedProgram, path: Any, *, extra_files: Mapping[str, Any] | None = None) -> None:
    """Save the program with `torch.export.save`, and its report as an extra file.

    Changes `program` where `torch.export.load` could not read it again: a condition among the outputs, or a number that
    is asserted to equal another. Programs of `run_decompositions` and of `torch.export.export` can have these too.

    Args:
        program: an exported program. One without a report is saved as by `torch.export.save`.
        path: a path or a writable binary file.
        extra_files: further extra files, name → text.

    A file that is there is replaced when the new one is complete: where the disk is full or the process ends before
    that, it stays as it was. Raises what `torch.export.save` raises, and `OSError` where the file cannot be written.

    """
    files = dict(extra_files or {})
    report = getattr(program, "_report", None)
    run_file_passes(program)
    if isinstance(report, Report):
        files[REPORT] = _with_nodes(report, program).to_json(indent=None)
    if not isinstance(path, (str, os.PathLike)):
        _write(program, path, files)
        return
    with replacing(Path(path)) as temporary, temporary.open("wb") as file:
        _write(program, file, files)


def _write(program: torch.export.ExportedProgram, file: Any, files: dict[str, Any]) -> None:
    sink = Sink(file)
    with torch_output_suppressed(), single_value_ranges_widened(program):
        torch.export.save(program, sink, extra_files=files)
    sink.finish()


def report(program: torch.export.ExportedProgram) -> Report:
    """The report of a program of `draft_export` or `load`.

    Raises `TypeError` if `program` is no `ExportedProgram`, and `ValueError` if it has no report of torchdraft: other
    tools made it, or it is what `run_decompositions` or a second export made of a draft.
    """
    if not isinstance(program, torch.export.ExportedProgram):
        raise WrongType(f"program is a {type(program).__name__}", "an ExportedProgram of torchdraft.draft_export")
    found = getattr(program, "_report", None)
    if isinstance(found, Report):
        return found
    what = "no report" if found is None else f"a report of another tool, a {type(found).__module__} object"
    raise WrongValue(
        f"the program has {what}",
        "a program of torchdraft.draft_export or torchdraft.load",
        "run_decompositions and a second export make programs without it: take the report from the draft",
    )


def _with_nodes(report: Report, program: torch.export.ExportedProgram) -> Report:
    """The report with the nodes of the program, so that its page needs neither the weights nor custom operators.

    Without the source files, which a program that is shipped does not carry.
    """
    try:
        listing = ProgramGraph(program)(report.issues)
    except Exception as error:  # a file without this page is better than none
        log.debug("the nodes of the program could not be listed", exc_info=error)
        return replace(report, listing=None)
    return replace(report, listing=replace(listing, sources={}))


def load(path: Any) -> torch.export.ExportedProgram:
    """Load a program with `torch.export.load`, and its `_report` if it was saved with one.

    `path` is a path or a readable binary file. Raises `ReportFormatError` if a newer torchdraft wrote the report,
    `ProgramNotLoaded` if the file needs classes, operators or modules that are missing here, with the lines to add, and
    otherwise what `torch.export.load` raises.
    """
    files = {REPORT: ""}
    failed: Exception | None = None
    with torch_output_suppressed(), applied(LOAD):
        try:
            program = torch.export.load(path, extra_files=files)
        except Exception as error:
            failed = error
    if failed is not None:
        raise_explained(path, failed, REPORT)
    if files[REPORT]:
        program._report = replace(Report.from_json(files[REPORT]), listing=None, list_nodes=ProgramGraph(program))
    return program
