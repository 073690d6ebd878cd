"""One call of `torchdraft check`: settings, targets, reports and baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from torchdraft._render.paths import shown
from torchdraft._targets.output import check_writable, replacing
from torchdraft._targets.usage_error import UsageError
from torchdraft.model.check import Check, FailOn

from .baseline import Baseline
from .judge import Judge
from .rule_lists import codes_named
from .run import Progress, accepting, draft_all, judged, narrowed
from .settings import TABLE, Settings, find_settings
from .targets import requested_targets

Change = Literal["write", "update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The arguments of one call."""

    targets: Sequence[str]
    fail_on: FailOn | None
    baseline: Path | None
    change: Change | None
    """How to change the baseline, if at all."""
    paths: Literal["example", "all"] | None = None
    check_kernels: Literal["custom", "all", "none"] | None = None
    select: Sequence[str] = ()
    """The rules that count, as written; empty for all."""
    ignore: Sequence[str] = ()
    """The rules that do not count."""
    runtime: str | None = None
    """The runtime that the programs are shipped to, if any."""


def run_check(call: Call, progress: Progress) -> Check:
    """Draft the targets, judge their reports, and write the baseline if the call requests it."""
    settings = find_settings(Path.cwd())
    requested = requested_targets(call.targets, settings)
    whole = not call.targets
    subset = not set(settings.targets) <= {each.key for each in requested}
    path = _baseline_path(call, settings)
    old = _old_baseline(call, path)
    judge = Judge(
        folder=settings.folder,
        fail_on=call.fail_on or settings.fail_on,
        ignore=settings.ignore,
        both_sides=settings.require_both_sides,
        allow=codes_named("--ignore", call.ignore),
        select=codes_named("--select", call.select) if call.select else None,
    )
    if settings.require_both_sides and call.paths == "example":
        raise UsageError(
            "--paths example, and the settings require both sides of every branch",
            expected=f"--paths all, or require-both-sides = false in [{TABLE}] of {settings.file}",
        )
    drafted = draft_all(
        requested,
        progress,
        paths=call.paths or settings.paths,
        check_kernels=call.check_kernels or settings.check_kernels,
        runtime=call.runtime,
    )
    check = judged(drafted, judge, old, whole=whole, subset=subset)
    if call.change and path:
        found = judged(drafted, judge, None, whole=whole)
        new = (
            accepting(drafted, found, judge, old or Baseline({}), whole=whole)
            if call.change == "write"
            else narrowed(drafted, judge, old or Baseline({}), whole=whole)
        )
        with replacing(path, "--baseline") as temporary:
            temporary.write_text(new.text(), encoding="utf-8")
        check = judged(drafted, judge, new, whole=whole, subset=subset)
    return replace(check, baseline=shown(str(path)) if path else "")


def _baseline_path(call: Call, settings: Settings) -> Path | None:
    path = call.baseline or settings.baseline
    if call.change and (call.select or call.ignore):
        raise UsageError(
            f"--{call.change}-baseline with --select or --ignore",
            expected="one of them: a baseline is of all rules that count by the settings",
        )
    if call.change and path is None:
        raise UsageError(
            f"--{call.change}-baseline, and no baseline is named",
            expected=f'--baseline FILE, or baseline = "FILE" in [{TABLE}] of pyproject.toml',
        )
    if call.change and path:
        check_writable(path, "--baseline", ".json")
    return path


def _old_baseline(call: Call, path: Path | None) -> Baseline | None:
    """The baseline before the call. It need not exist if the call writes it."""
    if path is None or (call.change == "write" and not path.exists()):
        return None
    return Baseline.read(path)
