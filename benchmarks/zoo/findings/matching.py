"""Matches the findings of torch with the issues of torchdraft."""

from __future__ import annotations

from collections.abc import Iterable

from .finding import Finding

KINDS = {
    "DATA_DEPENDENT_ERROR": ("TD101", "TD102", "TD103", "TD304", "TD602"),
    "GUARD_ADDED": ("TD201", "TD202", "TD203", "TD204"),
    "MISSING_FAKE_KERNEL": ("TD301",),
    "MISMATCHED_FAKE_KERNEL": ("TD302", "TD301"),
}
"""The failure types of torch, with the equivalent codes."""


def missing(torchs: Iterable[Finding], ours: Iterable[Finding]) -> list[Finding]:
    """The findings of torch without an issue of the same kind on the same line.

    Findings about kernels are matched by the operator, because torch records no line for them.
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
    """True if an issue names the line, or a call that leads to it."""
    return any(place in (own.place, *own.frames) for own in ours)


def invented(finding: Finding, *, sound: bool) -> str:
    """The reason why a finding of torch is not about the model, or an empty text."""
    if sound:
        return "plain export takes the model, and is right on other inputs"
    if finding.own_check:
        return "asked by torch's own comparison of fake with real tensors"
    return ""
