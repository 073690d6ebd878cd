"""Writes fake kernels of operators with known shape rules, and compares each with its operator on calls of its own."""

from __future__ import annotations

import argparse
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

import torchdraft
from torchdraft._synthesis.experiments.calls import Material
from torchdraft._synthesis.experiments.operator import find_operator
from torchdraft._synthesis.experiments.worker import run_call
from torchdraft._synthesis.kernels.compare import mismatches

from ..progress import progress
from .known_operators import CASES, Case

HELD_OUT = 40


@dataclass(frozen=True, slots=True)
class Row:
    """The outcome of one operator."""

    name: str
    data: bool
    verdict: str
    """`exact`, `data-dependent`, `not exact`, `WRONG` or `none`."""
    right: int
    seconds: float
    """Processor time of this process and of those that ran the operator."""
    runs: int
    detail: str = ""

    @property
    def held(self) -> bool:
        """Whether the outcome is the one that the operator allows."""
        return self.verdict == ("data-dependent" if self.data else "exact")


def measured(case: Case) -> Row:
    """The outcome of one operator."""
    started = _processor_time()
    try:
        kernel = torchdraft.synthesize_fake_kernel(case.op, case.given)
    except ValueError as error:
        return Row(case.name, case.data, "none", 0, _processor_time() - started, 0, str(error))
    seconds = _processor_time() - started
    wrong = _wrong_calls(case, kernel.source)
    detail = wrong[0] if wrong else "; ".join(kernel.open_sizes + kernel.failures)
    if wrong and kernel.exact:
        raising = all("raises NotImplementedError" in text for text in wrong)
        verdict = "not exact" if raising else "WRONG"
    elif not kernel.exact:
        verdict = "not exact"
    else:
        verdict = "data-dependent" if kernel.data_dependent else "exact"
    return Row(case.name, case.data, verdict, HELD_OUT - len(wrong), seconds, kernel.runs, detail)


def _wrong_calls(case: Case, source: str) -> list[str]:
    """What differs on calls that the operator accepts and that the kernel has not seen."""
    operator = find_operator(case.op)
    material = Material()
    calls = []
    while len(calls) < HELD_OUT:
        call = material.describe(operator.bind(case.draw(), {}))
        if run_call(operator, material, call).ok:
            calls.append(call)
    return [text for _, text in mismatches(operator, material, calls, source)]


def _processor_time() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def line(row: Row) -> str:
    """One outcome."""
    note = "" if row.held else f"  {row.detail[:200]}"
    held_out = f"{row.right}/{HELD_OUT}"
    return f"{row.name:20} {row.verdict:15} {held_out:>9} {row.runs:>5} {row.seconds:>6.1f}{note}"


def sums(rows: Sequence[Row]) -> Iterator[str]:
    """The sums of the outcomes."""
    sized = [row for row in rows if not row.data]
    exact = sum(row.verdict == "exact" for row in sized)
    data = [row for row in rows if row.data]
    yield f"{exact} of {len(sized)} operators with a size relation have the exact kernel"
    yield f"{sum(row.held for row in data)} of {len(data)} with a size from data are recognised"
    yield f"{sum(row.verdict == 'WRONG' for row in rows)} wrong kernels were written as exact"
    yield f"{max((row.seconds for row in rows), default=0):.1f} s of processor time at most"


def main(given: Sequence[str] = ()) -> int:
    """Prints the table; returns 1 unless no kernel is wrong and 95 % of the size relations are found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels synthesis", description=__doc__)
    parser.add_argument("--only", default="", metavar="REGEX", help="only the operators whose name matches")
    only = parser.parse_args(given).only
    torch.set_num_threads(1)
    rows = []
    chosen = [case for case in CASES.values() if re.search(only, case.name)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _warm_up()
        print(f"{'operator':20} {'outcome':15} {'held out':>9} {'runs':>5} {'CPU s':>6}")
        for number, case in enumerate(chosen, 1):
            progress(f"{number} of {len(chosen)}: {case.name}")
            rows.append(measured(case))
            progress("")
            print(line(rows[-1]), flush=True)
    print("\n" + "\n".join(sums(rows)))
    sized = [row for row in rows if not row.data]
    found = sum(row.held for row in sized)
    wrong = any(row.verdict == "WRONG" for row in rows)
    return int(wrong or found < 0.95 * len(sized) or not all(row.held for row in rows if row.data))


def _warm_up() -> None:
    """Imports what an export and opcheck import on their first use, so that it counts for no operator."""
    torchdraft.synthesize_fake_kernel(CASES["gelu"].op, CASES["gelu"].given, isolated=False, seconds=1)
