"""A draft as an assertion of a test."""

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
from torchdraft._targets.usage_error import Mistake
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
    """Drafts `model` and fails, with the report in the message, where it has issues.

    Comments in the source (`# torchdraft: ignore[TD101] reason`) and the settings in pyproject.toml excuse issues as
    they do for `torchdraft check`; baselines do not.

    Args:
        model: the model, as for `torchdraft.draft_export`.
        args: its example inputs.
        kwargs: its example keyword inputs.
        dynamic_shapes: which dimensions are dynamic.
        allow: code or name of a rule, or several, whose issues do not count.
        fail_on: the mildest severity that fails: `baked`, `guarded`, `specialized`, or `any` for notes too. By default
            that of the settings, or `specialized`.
        **options: further options of `torchdraft.draft_export`.

    Returns:
        The program, for what else the test looks at.

    Raises:
        AssertionError: the report has issues that count.
        ValueError: `allow`, `fail_on` or the settings are wrong.

    """
    __tracebackhide__ = True  # pytest shows the test's own line
    judge = _judge(allow, fail_on)
    program = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=dynamic_shapes, **options)
    findings = judge.findings(program._report)
    if any(finding.fails for finding in findings):
        raise AssertionError(as_text(render_findings(program._report, findings)))
    return program


def _judge(allow: str | Collection[str], fail_on: FailOn | None) -> Judge:
    if fail_on is not None and fail_on not in get_args(FailOn):
        raise ValueError(f"fail_on is {fail_on!r}; expected one of {', '.join(get_args(FailOn))}")
    settings = _settings()
    return Judge(
        folder=settings.folder,
        fail_on=fail_on or settings.fail_on,
        ignore=settings.ignore,
        allow=[_code(text) for text in ([allow] if isinstance(allow, str) else allow)],
    )


def _code(text: str) -> str:
    rule = rule_named(text)
    if rule is None:
        raise ValueError(f"allow names {text!r}; expected one of {', '.join(each.code for each in all_rules())}")
    return rule.code


def _settings() -> Settings:
    try:
        return find_settings(Path.cwd())
    except Mistake as mistake:
        raise ValueError(mistake.text()) from None
