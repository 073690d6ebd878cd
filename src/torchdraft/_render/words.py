"""Sentences and names that all renderers of reports use."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from torchdraft.model import Branch, BrokenRung, Issue, Location, Report, Severity

from .grouping import grouped

_PACKAGES = re.compile(r"^.*[/\\](?:site|dist)-packages[/\\]")


def summary(report: Report) -> str:
    """The first line: how many issues there are, worst severity first."""
    model = report.model or "The model"
    above = sum(issue.severity > Severity.NOTE for issue in report.issues)
    counts = ", ".join(f"{count} {severity}" for severity, count in report.counts().items() if severity != "note")
    notes = plural(len(report.issues) - above, "note")
    if above == 0:
        return f"{model}: a sound program" + (f", {notes}" if report.issues else ", nothing to report")
    issues = plural(above, "issue")
    causes = len(grouped(issue for issue in report.issues if issue.severity > Severity.NOTE))
    of = f" of {plural(causes, 'cause')}" if causes < above else ""
    return f"{model}: {issues}{of} ({counts})" + (f" and {notes}" if len(report.issues) > above else "")


def cost(report: Report) -> str:
    """The second line: the cost of the draft."""
    stats = report.stats
    parts = [f"{plural(stats.ops_traced, 'op')} traced, {stats.ops_evaluated} computed for real"]
    if "total" in stats.seconds:
        parts.append(f"{stats.seconds['total']:.2f} s")
    if stats.real_bytes_peak:
        parts.append(f"{size(stats.real_bytes_peak)} of real values at most")
    return ", ".join([*parts, f"rung: {report.rung}"])


def left_out(issues: Sequence[Issue]) -> str:
    """The line about issues that are not shown: how many of each rule."""
    counts = Counter(f"{issue.code} ({issue.severity})" for issue in issues)
    codes = ", ".join(f"{code} ×{count}" if count > 1 else code for code, count in counts.items())
    return f"… and {len(issues)} more: {codes}. The JSON has all."


def broken_rung(rung: BrokenRung) -> str:
    """Why a rung produced no program."""
    module = f" in {rung.module}" if rung.module else ""
    where = f" ({place(rung.location)})" if rung.location else ""
    return f"The {rung.rung} rung broke{module}{where}: {rung.reason}"


BRANCH_HEADINGS = ("condition", "line", "on the example", "in the program")
"""What the parts of `branch` are."""


def branch(found: Branch) -> tuple[str, str, str, str]:
    """A branch: its condition, its line, its answer on the example, and which sides are in the program."""
    where = place(found.location) if found.location else ""
    here, other = found.operations
    kept = f"both sides: {plural(here, 'op')}, other side {other}" if found.kept else f"one side: {found.reason}"
    kept = f"any number of turns: {plural(here, 'op')} each" if found.loop else kept
    if found.seen_equal is not None:
        kept += f"; seen equal on {found.seen_equal[0]} and {plural(found.seen_equal[1], 'input')}"
    return found.condition, where, str(found.on_example), kept


def place(location: Location) -> str:
    """`m.py:12 in forward`, with a short path of the file."""
    where = f"{short_path(location.file)}:{location.line}"
    return f"{where} in {location.function}" if location.function else where


def short_path(file: str) -> str:
    """The path relative to the folder of installed packages or to the working directory, if it is below one of them."""
    below = os.getcwd().rstrip(os.sep) + os.sep
    return _PACKAGES.sub("", file).removeprefix(below)


def callers(issue: Issue) -> str:
    """The user's frames that led to the line, nearest first."""
    above = [place(frame) for frame in reversed(issue.user_stack[:-1])]
    more = f" and {plural(len(above) - 4, 'more frame')}" if len(above) > 4 else ""
    return ", ".join(above[:4]) + more


def repetitions(issue: Issue) -> str:
    """How often the assumption is made, and in which submodules."""
    times = f"×{issue.occurrences}" if issue.occurrences > 1 else ""
    shown = ", ".join(issue.modules[:4]) + (", …" if len(issue.modules) > 4 else "")
    return " ".join(part for part in (times, f"in {shown}" if shown else "") if part)


def facts(issue: Issue) -> list[tuple[str, str]]:
    """Label and text of further facts, in reading order."""
    found = [
        ("where", f"{symbol} = {origin}") for symbol, origin in issue.symbols.items() if not _is_obvious(origin, issue)
    ]
    found += [("with", f"{name}: {text}") for name, text in issue.locals.items()]
    if instances := issue.data.get("instances"):
        found.append(("each", _instances(instances)))
    elif values := issue.data.get("values"):
        found.append(("values", ", ".join(map(str, values[:8])) + (", …" if len(values) > 8 else "")))
    if fix := issue.data.get("fix"):
        found.append(("fix", _on_own_lines(str(fix))))
    if issue.mend and (issue.severity > Severity.NOTE or issue.code_to_write):
        found.append(("mend", issue.mend))
    if issue.code_to_write:
        found.append(("write", _on_own_lines(issue.code_to_write)))
    return found


def _on_own_lines(text: str) -> str:
    """Code of several lines begins on a line of its own."""
    return f"\n{text}" if "\n" in text else text


def _instances(instances: Sequence[Mapping[str, str]]) -> str:
    """The expressions of one issue, with their values if these differ."""
    differ = len({each["value"] for each in instances}) > 1
    texts = dict.fromkeys(f"{each['expr']} was {each['value']}" if differ else each["expr"] for each in instances)
    return ", ".join(list(texts)[:8]) + (f" and {len(texts) - 8} more" if len(texts) > 8 else "")


def _is_obvious(origin: str, issue: Issue) -> bool:
    """Whether the issue's expression contains the code of the symbol, and this code is on the issue's line."""
    words, _, where = origin.rpartition(" at ")
    location = issue.location
    here = location is not None and where == f"{os.path.basename(location.file)}:{location.line}"
    return here and bool(words) and words in (issue.expr or "")


TLPARSE_HINT = "tlparse (pip install tlparse) makes a page of it:"


def tlparse_command(log: Path) -> str:
    """The command that makes tlparse's page of a trace log."""
    return f"tlparse --export {shlex.quote(str(log))} -o {shlex.quote(str(log.parent / 'tl_out'))} --overwrite"


def plural(count: int, noun: str) -> str:
    """`1 issue`, `2 issues`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def size(count: float) -> str:
    """Bytes with a binary unit."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
