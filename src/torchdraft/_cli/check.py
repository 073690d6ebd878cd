"""One call of `torchdraft check`: what it was asked, and what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from torchdraft._check.baseline import Baseline
from torchdraft._check.judge import Judge
from torchdraft._check.run import Progress, accepting, draft_all, judged, narrowed
from torchdraft._check.settings import TABLE, Settings, find_settings
from torchdraft._check.targets import asked_targets
from torchdraft._render import paths
from torchdraft._targets.output import check_writable, replacing
from torchdraft._targets.usage_error import Mistake
from torchdraft.model.check import Check, FailOn

Change = Literal["write", "update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The arguments."""

    targets: Sequence[str]
    fail_on: FailOn | None
    baseline: Path | None
    change: Change | None
    """What to do with the baseline besides reading it."""


def run_check(call: Call, progress: Progress) -> Check:
    """Drafts the targets, judges their reports, and writes the baseline where that is asked for."""
    settings = find_settings(Path.cwd())
    asked = asked_targets(call.targets, settings)
    whole = not call.targets
    path = _baseline_path(call, settings)
    old = _old_baseline(call, path)
    judge = Judge(folder=settings.folder, fail_on=call.fail_on or settings.fail_on, ignore=settings.ignore)
    drafted = draft_all(asked, progress)
    check = judged(drafted, judge, old, whole=whole)
    if call.change and path:
        found = judged(drafted, judge, None, whole=whole)
        new = (
            accepting(drafted, found, judge, old or Baseline({}), whole=whole)
            if call.change == "write"
            else narrowed(drafted, judge, old or Baseline({}), whole=whole)
        )
        with replacing(path, "--baseline") as temporary:
            temporary.write_text(new.text(), encoding="utf-8")
        check = judged(drafted, judge, new, whole=whole)
    return replace(check, baseline=paths.shown(str(path)) if path else "")


def _baseline_path(call: Call, settings: Settings) -> Path | None:
    path = call.baseline or settings.baseline
    if call.change and path is None:
        raise Mistake(
            f"--{call.change}-baseline, and no baseline is named",
            expected=f'--baseline FILE, or baseline = "FILE" in [{TABLE}] of pyproject.toml',
        )
    if call.change and path:
        check_writable(path, "--baseline", ".json")
    return path


def _old_baseline(call: Call, path: Path | None) -> Baseline | None:
    """A baseline that is being written for the first time need not exist."""
    if path is None or (call.change == "write" and not path.exists()):
        return None
    return Baseline.read(path)
