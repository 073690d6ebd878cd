"""Which of torch's findings torchdraft's report holds too."""

from __future__ import annotations

from collections.abc import Iterable

from .finding import Finding

KINDS = {
    "DATA_DEPENDENT_ERROR": ("TD101", "TD102", "TD103", "TD304", "TD602"),
    "GUARD_ADDED": ("TD201", "TD202", "TD203", "TD204"),
    "MISSING_FAKE_KERNEL": ("TD301",),
    "MISMATCHED_FAKE_KERNEL": ("TD302", "TD301"),
}
"""torch's type → the codes that say the same."""


def missing(torchs: Iterable[Finding], ours: Iterable[Finding]) -> list[Finding]:
    """Those of torch's findings that no issue of ours of the same kind and at the same line says.

    Kernels are told by their operator: torch keeps no line for them.
    """
    ours = list(ours)
    return [finding for finding in torchs if not any(_says(own, finding) for own in ours)]


def _says(own: Finding, finding: Finding) -> bool:
    if own.kind not in KINDS[finding.kind]:
        return False
    if not finding.place:
        return own.text == finding.text or own.text.removesuffix(".default") == finding.text.removesuffix(".default")
    return own.place == finding.place


def explains(ours: Iterable[Finding], place: str) -> bool:
    """Whether an issue names the line, or a call that leads to it."""
    return any(place in (own.place, *own.frames) for own in ours)


def invented(finding: Finding, *, sound: bool) -> str:
    """Why a finding of torch's says nothing about the model; empty where it may."""
    if sound:
        return "plain export takes the model, and is right on other inputs"
    if finding.own_check:
        return "asked by torch's own comparison of fake with real tensors"
    return ""
