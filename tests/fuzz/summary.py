"""Summarizes the verdicts of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from .check import Finding, Verdict

KINDS = (
    "silent mismatch",
    "lost assertion",
    "wrong on example",
    "leftover",
    "unusable",
    "no graph",
    "round trip",
    "crash",
    "hang",
)
"""The kinds of findings, worst first."""


@dataclass(slots=True)
class Summary:
    """All verdicts of a run."""

    exporter: str
    seed: int
    verdicts: list[Verdict] = field(default_factory=list)
    seconds: float = 0.0
    shrunk: dict[str, str] = field(default_factory=dict)
    """The smallest program found for each signature of a finding."""

    @property
    def checked(self) -> list[Verdict]:
        """The verdicts on programs that run eagerly."""
        return [verdict for verdict in self.verdicts if verdict.discarded is None]

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts with findings."""
        return [verdict for verdict in self.checked if verdict.findings]

    @property
    def ok(self) -> bool:
        """True if no promise was broken."""
        return not self.failed

    def programs_with(self, kind: str) -> list[Verdict]:
        """The verdicts with a finding of this kind."""
        return [verdict for verdict in self.checked if any(finding.kind == kind for finding in verdict.findings)]

    def by_signature(self) -> dict[str, list[tuple[Verdict, Finding]]]:
        """The findings grouped by cause: worst kinds first, then the most frequent causes, simple programs first."""
        groups: defaultdict[str, list[tuple[Verdict, Finding]]] = defaultdict(list)
        for verdict in self.checked:
            for finding in {f.signature: f for f in verdict.findings}.values():
                groups[finding.signature].append((verdict, finding))
        for group in groups.values():
            group.sort(key=lambda pair: len(pair[0].features))
        return dict(sorted(groups.items(), key=lambda item: (KINDS.index(item[1][0][1].kind), -len(item[1]))))

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in (*self.totals(), *self.feature_table(), *self.causes()))

    def totals(self) -> Iterable[str]:
        """The main figures."""
        checked, exported = self.checked, sum(verdict.export_seconds for verdict in self.checked)
        beyond = sum(verdict.seconds - verdict.export_seconds for verdict in self.verdicts)
        yield f"{self.exporter}, seed {self.seed}: {len(checked)} programs in {self.seconds:.1f} s"
        yield f"  discarded (not runnable eagerly)   {len(self.verdicts) - len(checked):6}"
        for kind in KINDS:
            yield f"  {kind:34} {len(self.programs_with(kind)):6}"
        for name in ("matched", "loud", "excused", "skipped"):
            yield f"  other inputs: {name:20} {sum(getattr(verdict, name) for verdict in checked):6}"
        yield f"  programs with a baked issue        {sum(verdict.baked for verdict in checked):6}"
        for rung, count in Counter(verdict.rung for verdict in checked if verdict.rung).most_common():
            yield f"  rung {rung:29} {count:6}"
        count = max(1, len(checked))
        yield f"  seconds per program: export {exported / count:.3f}, generation and checks {beyond / count:.3f}"

    def feature_table(self) -> Iterable[str]:
        """Per feature: programs, failures, rejected inputs."""
        yield f"\n  {'feature':26} programs  failed  no graph  silent  loud  baked"
        names = Counter(feature for verdict in self.checked for feature in verdict.features)
        for name, count in sorted(names.items(), key=lambda item: (-item[1], item[0])):
            having = [verdict for verdict in self.checked if name in verdict.features]
            kinds = [{finding.kind for finding in verdict.findings} for verdict in having]
            yield (
                f"  {name:26} {count:8} {sum(map(bool, kinds)):7} {sum('no graph' in k for k in kinds):9}"
                f" {sum('silent mismatch' in k for k in kinds):7} {sum(v.loud for v in having):5}"
                f" {sum(v.baked for v in having):6}"
            )

    def causes(self) -> Iterable[str]:
        """The causes, with the smallest programs."""
        groups = self.by_signature()
        if groups:
            yield f"\n  {len(groups)} causes:"
        for signature, group in groups.items():
            yield f"  {len(group):5} × {signature}   ({', '.join(verdict.name for verdict, _ in group[:3])})"
        for signature, source in self.shrunk.items():
            yield f"\n── {signature}\n{source}"
