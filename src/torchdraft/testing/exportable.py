"""The assertion that a model can be exported without issues."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

import torch

import torchdraft
from torchdraft._check.judge import Judge
from torchdraft._check.settings import Settings, find_settings
from torchdraft._render.check.text import render_findings
from torchdraft._render.text import as_text
from torchdraft._targets.usage_error import UsageError
from torchdraft.model.check import FailOn
from torchdraft.rules import all_rules, rule_named


def assert_exportable(
    model: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: Any = None,
    allow: str | Collection[str] = (),
    fail_on: FailOn | None = None,
    **options: Any,
) -> torch.export.ExportedProgram:
    """Draft `model` and fail, with the report in the message, if it has issues.

    Comments in the source (`# torchdraft: ignore[TD101] reason`) and the settings in pyproject.toml suppress issues as
    they do for `torchdraft check`. Baselines are not read.

    Args:
        model: the model, as for `torchdraft.draft_export`.
        args: its example inputs.
        kwargs: its example keyword inputs.
        dynamic_shapes: which dimensions are dynamic.
        allow: code or name of a rule, or several, whose issues do not fail.
        fail_on: the mildest severity that fails: `baked`, `guarded`, `specialized`, or `any`, which includes notes. By
            default the level of the settings, or `specialized`.
        **options: further options of `torchdraft.draft_export`, such as `paths="all"`.

    Returns:
        The program, for further checks.

    Raises:
        AssertionError: the report has issues that fail.
        ValueError: `allow`, `fail_on` or a setting is wrong.

    """
    __tracebackhide__ = True  # pytest then shows the line of the test
    settings = _settings()
    judge = _judge(settings, allow, fail_on)
    options = {"paths": settings.paths, "check_kernels": settings.check_kernels, **options}
    program = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=dynamic_shapes, **options)
    findings = judge.findings(program._report)
    if any(finding.fails for finding in findings):
        raise AssertionError(as_text(render_findings(program._report, findings)))
    return program


def _judge(settings: Settings, allow: str | Collection[str], fail_on: FailOn | None) -> Judge:
    if fail_on is not None and fail_on not in get_args(FailOn):
        raise ValueError(f"fail_on is {fail_on!r}; expected one of {', '.join(get_args(FailOn))}")
    return Judge(
        folder=settings.folder,
        fail_on=fail_on or settings.fail_on,
        ignore=settings.ignore,
        allow=[_code(text) for text in ([allow] if isinstance(allow, str) else allow)],
        both_sides=settings.require_both_sides,
    )


def _code(text: str) -> str:
    rule = rule_named(text)
    if rule is None:
        raise ValueError(f"allow names {text!r}; expected one of {', '.join(each.code for each in all_rules())}")
    return rule.code


def _settings() -> Settings:
    try:
        return find_settings(Path.cwd())
    except UsageError as error:
        raise ValueError(error.text()) from None
