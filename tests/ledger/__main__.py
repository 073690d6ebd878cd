"""Drafts the models of the ledger and prints recall and precision of their reports."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import torch
from rich.console import Console
from rich.table import Table

import torchdraft
from benchmarks.isolate import in_fork
from benchmarks.progress import progress
from torchdraft import Issue, Report

from .compare import Difference, Reported, compare, draft
from .expected import Expected, expected
from .registry import Model, load_all


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.ledger", description=__doc__)
    parser.add_argument("--only", default="", metavar="REGEX", help="only the models whose name matches")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for one model")
    parser.add_argument("--show", action="store_true", help="print each report")
    return parser.parse_args()


def checked(name: str, model: Model, timeout: float, show: bool) -> tuple[Difference, str]:
    """The comparison of one model, drafted in its own process, and the error if there was no report."""
    outcome = in_fork(lambda: picklable(draft(model)), timeout)
    if outcome.error is not None:
        return compare(name, model.section, ()), f"no report: {outcome.error}"
    issues, text = outcome.value
    if show:
        print(text)
    return compare(name, model.section, issues), ""


def picklable(report: Report) -> tuple[tuple[Issue, ...], str]:
    """The parts of a report that can be pickled: its dynamic shapes may contain functions."""
    return report.issues, str(report)


def table(differences: Iterable[Difference]) -> Table:
    """Recall and precision per rule, of notes, of all other severities, and in total."""
    differences = list(differences)
    shown = Table("rule", "expected", "found", "not expected", "recall", "precision")
    codes = {want.code for d in differences for want in (*d.missed, *(w for w, _ in d.hits))}
    codes |= {found.code for d in differences for found in d.extra}
    for code in sorted(codes):
        shown.add_row(code, *figures(differences, lambda issue, code=code: issue.code == code))  # type: ignore[misc]
    shown.add_section()
    shown.add_row("notes", *figures(differences, lambda issue: issue.severity is torchdraft.Severity.NOTE))
    shown.add_row("above", *figures(differences, lambda issue: issue.severity is not torchdraft.Severity.NOTE))
    shown.add_row("all", *figures(differences, lambda _issue: True))
    return shown


def figures(differences: Iterable[Difference], counts: Callable[[Expected | Reported], bool]) -> Iterator[str]:
    """The cells of one row, over the issues for which `counts` is true."""
    total: Counter[str] = Counter()
    for difference in differences:
        total["hit"] += sum(counts(want) for want, _ in difference.hits)
        total["missed"] += sum(map(counts, difference.missed))
        total["extra"] += sum(map(counts, difference.extra))
    yield from map(str, (total["hit"] + total["missed"], total["hit"], total["extra"]))
    yield share(total["hit"], total["hit"] + total["missed"])
    yield share(total["hit"], total["hit"] + total["extra"])


def share(part: int, whole: int) -> str:
    """`part` as a percentage of `whole`."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def main() -> int:
    """Prints the differences and the table; returns 1 if any report differs from what is expected."""
    options = arguments()
    torch.set_num_threads(1)
    torchdraft.draft_export(torch.nn.Linear(2, 2), (torch.ones(3, 2),))  # imports what is imported on first use
    chosen = {name: model for name, model in load_all().items() if re.search(options.only, name)}
    differences, broken = [], 0
    for number, (name, model) in enumerate(chosen.items(), 1):
        progress(f"{number} of {len(chosen)}: {name}")
        difference, error = checked(name, model, options.timeout, options.show)
        differences.append(difference)
        broken += bool(error)
        if error or not difference.exact:
            progress("")
            print("\n  ".join([name, *error.splitlines(), *str(difference).splitlines()]), flush=True)
    progress("")
    Console().print(table(differences))
    exact = sum(difference.exact for difference in differences)
    clean = sum(not expected(model.section) for model in chosen.values())
    print(f"{len(chosen)} models, {clean} of them without expected issues; {exact} reports are exactly as expected")
    return 0 if exact == len(chosen) and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
