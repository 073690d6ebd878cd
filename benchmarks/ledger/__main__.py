"""Command line of the ledger's models."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

import torch
from rich.console import Console
from rich.table import Table

import torchdraft
from torchdraft import Issue, Report

from ..isolate import in_fork
from ..progress import progress
from .compare import Difference, compare, draft
from .expected import expected, names


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--only", default="", metavar="REGEX", help="models whose name matches")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for one model")
    parser.add_argument("--show", action="store_true", help="print each report")
    return parser.parse_args()


def checked(name: str, timeout: float, show: bool) -> tuple[Difference, str]:
    """One model in a process of its own, and what went wrong besides."""
    outcome = in_fork(lambda: said(draft(name)), timeout)
    if outcome.error is not None:
        return compare(name, ()), f"no report: {outcome.error}"
    issues, text = outcome.value
    if show:
        print(text)
    return compare(name, issues), ""


def said(report: Report) -> tuple[tuple[Issue, ...], str]:
    """What of a report passes from process to process: its dynamic shapes may be derived by functions."""
    return report.issues, str(report)


def table(differences: Iterable[Difference]) -> Table:
    """Recall and precision per rule, of notes, and of all that is above a note."""
    differences = list(differences)
    shown = Table("rule", "expected", "found", "not expected", "recall", "precision")
    codes = {want.code for d in differences for want in (*d.missed, *(w for w, _ in d.hits))}
    codes |= {told.code for d in differences for told in d.extra}
    for code in sorted(codes):
        shown.add_row(code, *figures(differences, lambda issue, code=code: issue.code == code))
    shown.add_section()
    shown.add_row("notes", *figures(differences, lambda issue: issue.severity is torchdraft.Severity.NOTE))
    shown.add_row("above", *figures(differences, lambda issue: issue.severity is not torchdraft.Severity.NOTE))
    shown.add_row("all", *figures(differences, lambda _issue: True))
    return shown


def figures(differences: Iterable[Difference], counts) -> Iterator[str]:
    """The cells of one row: of the issues for which `counts` is true."""
    total: Counter[str] = Counter()
    for difference in differences:
        total["hit"] += sum(counts(want) for want, _ in difference.hits)
        total["missed"] += sum(map(counts, difference.missed))
        total["extra"] += sum(map(counts, difference.extra))
    yield from map(str, (total["hit"] + total["missed"], total["hit"], total["extra"]))
    yield share(total["hit"], total["hit"] + total["missed"])
    yield share(total["hit"], total["hit"] + total["extra"])


def share(part: int, whole: int) -> str:
    """A percentage."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def main() -> int:
    """Drafts the models, prints what differs and the table; 1 where anything differs."""
    options = arguments()
    torch.set_num_threads(1)
    torchdraft.draft_export(torch.nn.Linear(2, 2), (torch.ones(3, 2),))  # what is imported late, once
    chosen = [name for name in names() if re.search(options.only, name)]
    differences, broken = [], 0
    for number, name in enumerate(chosen):
        progress(f"{number + 1} of {len(chosen)}: {name}")
        difference, error = checked(name, options.timeout, options.show)
        differences.append(difference)
        broken += bool(error)
        if error or not difference.exact:
            progress("")
            print("\n  ".join([name, *error.splitlines(), *str(difference).splitlines()]), flush=True)
    progress("")
    Console().print(table(differences))
    exact = sum(difference.exact for difference in differences)
    clean = sum(not expected(name) for name in chosen)
    print(f"{len(chosen)} models, {clean} of them with nothing to tell; {exact} reports are exactly as expected")
    return 0 if exact == len(chosen) and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
