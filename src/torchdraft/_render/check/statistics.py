"""Renders how many findings of each rule a check has, as a table."""

from __future__ import annotations

from collections import Counter

from rich.table import Table
from rich.text import Text

from torchdraft.model.check import Check


def render_statistics(check: Check) -> Table:
    """For each rule, most findings first: how many fail, are below the fail level, and are ignored or accepted."""
    table = Table(title="Statistics", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in ("failing", "milder", "suppressed", "code", "name"):
        table.add_column(heading, header_style="dim", justify="left" if heading in ("code", "name") else "right")
    counts: Counter[tuple[str, str, str]] = Counter()
    for _, finding in check.findings():
        status = "failing" if finding.fails else "suppressed" if finding.suppressed else "milder"
        counts[(finding.issue.code, finding.issue.name, status)] += 1
    rules = Counter(dict.fromkeys(sorted({(code, name) for code, name, _ in counts}), 0))
    for (code, name, _), count in counts.items():
        rules[(code, name)] += count
    for (code, name), _ in rules.most_common():
        numbers = [str(counts[(code, name, status)]) for status in ("failing", "milder", "suppressed")]
        table.add_row(*map(Text, (*numbers, code, name)))
    return table
