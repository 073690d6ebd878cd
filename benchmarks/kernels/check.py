"""Puts one operator case through one exporter, and follows the program to where programs are used."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

import torchdraft
from torchdraft._torch.library import torchs_profile_kernels

from ..general.check import RIGHT, WRONG, Replay, one_line, shapes_of, verdict
from .case import Case

EXPORTERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "ours": (torchdraft.draft_export, torchdraft.unsafe_generate_fake_kernels),
    "torch": (torch.export.draft_export, torchs_profile_kernels),
}
"""By the name on the command line: the exporter, and the context in which its profiles are fake kernels."""

COLUMNS = {
    "graph": "graph",
    "example": "right on the example",
    "others": "right or raises on other inputs",
    "reported": "reported",
    "decomposes": "decomposes",
    "retraces": "exports again",
    "alone": "never wrong without the context",
}
"""The questions, with their titles."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answers about one case and exporter."""

    case: str
    exporter: str
    failures: Mapping[str, str]
    """Column → what went wrong there. A column that is not in it holds."""
    symbolic: bool = True
    """Whether the model was traced with symbols. A draft of torchdraft also has other ways, which fix sizes."""


def check(case: Case, exporter: str) -> Result:
    """All answers, from this process."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    export, kernels = EXPORTERS[exporter]
    args, kwargs = case.model.example()
    try:
        program = export(case.model.build(), args, kwargs, dynamic_shapes=shapes_of(case.model))
    except Exception as error:
        return Result(case.model.name, exporter, dict.fromkeys(COLUMNS, f"no graph: {one_line(error)}"))
    report = program._report
    baked = any(str(failure.severity) == "baked" for failure in getattr(report, "issues", ()))
    failures = {
        **_of_inputs(case, program.module(), baked),
        "reported": _unreported(case, report),
        "decomposes": _of_use(case, report, kernels, program.run_decompositions, baked),
        "retraces": _of_use(case, report, kernels, lambda: _exported_again(case, program), baked),
        "alone": _of_use(case, None, kernels, program.run_decompositions, baked)
        or _of_use(case, None, kernels, lambda: _exported_again(case, program), baked),
    }
    held = {column: text for column, text in failures.items() if text}
    return Result(case.model.name, exporter, held, getattr(report, "rung", "symbolic") == "symbolic")


def _of_inputs(case: Case, module: torch.nn.Module, baked: bool) -> dict[str, str]:
    """What is wrong on the example, and what is on other inputs. A report may say so (`baked`)."""
    replay = Replay(module)
    example = verdict(case.model, replay, case.model.example)
    others = [verdict(case.model, replay, call) for call in (*case.model.others, *case.model.refused)]
    wrong = "" if baked else next((v.detail for v in others if v.outcome == WRONG), "")
    return {"example": "" if example.outcome == RIGHT else example.detail, "others": wrong}


def _unreported(case: Case, report: Any) -> str:
    """What the report should have and has not."""
    if not case.codes:
        return ""
    if isinstance(report, torchdraft.Report):
        found = {issue.code for issue in report.issues}
        return "" if found & case.codes else f"{sorted(case.codes)} expected, {sorted(found)} reported"
    found = {failure.failure_type.name for failure in report.failures}
    return "" if found & {TORCHS[code] for code in case.codes if code in TORCHS} else f"{sorted(found)} reported"


TORCHS = {"TD301": "MISSING_FAKE_KERNEL", "TD302": "MISMATCHED_FAKE_KERNEL"}
"""torch's name for what a rule reports."""


def _exported_again(case: Case, program: Any) -> Any:
    args, kwargs = case.model.example()
    return torch.export.export(program.module(), args, kwargs, dynamic_shapes=shapes_of(case.model))


def _of_use(case: Case, report: Any, kernels: Any, use: Callable[[], Any], baked: bool) -> str:
    """What goes wrong where a program is made of the program. Without the report it may also refuse."""
    try:
        if report is None:
            used = use()
        else:
            with kernels(report.op_profiles):
                used = use()
        found = _of_inputs(case, used.module(), baked)
    except Exception as error:
        return one_line(error) if report is not None else ""
    if report is None:
        example = verdict(case.model, Replay(used.module()), case.model.example)
        found["example"] = example.detail if example.outcome == WRONG else ""
    return next((f"{place}: {text}" for place, text in found.items() if text), "")
