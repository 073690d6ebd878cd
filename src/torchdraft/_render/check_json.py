"""Checks as JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import msgspec

from torchdraft.model.check import Check, CheckedTarget

FORMAT = "torchdraft-check"
VERSION = 1

FROM_REPORT = ("model", "rung", "rungs", "dimensions", "stats", "versions")
"""What a target tells of its report besides the issues, which are in its findings."""


def render_json(check: Check) -> str:
    """The check as JSON text. Nothing is left out of `findings`: those that are suppressed say by what, and why."""
    body = {
        "format": FORMAT,
        "version": VERSION,
        "status": check.status,
        "fail_on": check.fail_on,
        "baseline": check.baseline or None,
        "targets": [_target(target) for target in check.targets],
        "remarks": check.remarks,
    }
    return json.dumps(msgspec.to_builtins(body, str_keys=True, enc_hook=str), indent=2)


def _target(target: CheckedTarget) -> dict[str, Any]:
    told = {field.name: getattr(target, field.name) for field in fields(target) if field.name != "report"}
    report = {name: getattr(target.report, name) for name in FROM_REPORT} if target.report else None
    return {**told, "status": target.status, "report": report}
