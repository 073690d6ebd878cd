"""Compares the reports of torch.export.draft_export and torchdraft on the models of the zoo."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import msgspec
import torch

from ...isolate import in_fork
from ...progress import progress
from ..__main__ import FOLDER, warm_up
from ..check import EXPORTERS
from ..registry import MODELS, load
from ..registry import Model as Entry
from .drafts import drafted, taken_plainly
from .finding import Plain, Report
from .page import Model, put_in, section, totals


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.findings", description=__doc__)
    parser.add_argument("--only", default="", metavar="REGEX", help="only the models whose name matches")
    parser.add_argument("--dynamic", action="store_true", help="request dynamic shapes for the models that have some")
    parser.add_argument(
        "--timeout", type=float, default=120.0, help="time limit for one model and exporter, in seconds"
    )
    parser.add_argument(
        "--keep", type=Path, default=FOLDER.parent / "build" / "findings.json", help="file with the results of all runs"
    )
    parser.add_argument("--out", type=Path, default=FOLDER / "RESULTS.md", help="the page that contains the section")
    return parser.parse_args()


def measured(entry: Entry, dynamic: bool, timeout: float) -> Model:
    """Both reports of one model and the soundness of plain export, each from its own process."""

    def report(name: str) -> Report:
        outcome = in_fork(lambda: drafted(entry, name, dynamic), timeout)
        return outcome.value if outcome.error is None else Report(failure=outcome.error, seconds=outcome.seconds)

    outcome = in_fork(lambda: taken_plainly(entry, dynamic), timeout)
    plain = outcome.value if outcome.error is None else Plain(outcome.error)
    return Model(entry.name, dynamic, report("draft_export"), report("torchdraft"), plain)


def told(model: Model) -> str:
    """The findings to print immediately."""
    lines = [f"missing: {finding} {reason}" for finding, reason in model.missing]
    if model.false_alarm:
        lines += [f"false alarm: {finding}" for finding in model.ours.findings if finding.severity != "note"]
    if model.unexplained:
        lines.append(
            f"refused by plain export at {model.plain.refused_at}, which no issue names: {model.plain.unsound}"
        )
    if model.ours.failure:
        lines.append(f"no report: {model.ours.failure}")
    return "\n  ".join([model.name, *lines]) if lines else ""


def kept(path: Path) -> dict[tuple[str, bool], Model]:
    """Models of earlier runs."""
    models = msgspec.json.decode(path.read_bytes(), type=list[Model]) if path.exists() else []
    return {(model.name, model.dynamic): model for model in models}


def keep(path: Path, models: dict[tuple[str, bool], Model]) -> None:
    """Stores the models for the next run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(list(models.values())))


def run(options: argparse.Namespace) -> int:
    """Measures the models, prints missing findings and false alarms, writes the section."""
    for package in load():
        print(f"{package} is not installed; its models are skipped")
    warm_up(list(EXPORTERS))
    chosen = [entry for name, entry in MODELS.items() if re.search(options.only, name)]
    models = kept(options.keep)
    for number, entry in enumerate(chosen):
        if options.dynamic and not entry.build()[3]:
            continue
        progress(f"{number + 1} of {len(chosen)}: {entry.name}")
        model = measured(entry, options.dynamic, options.timeout)
        models[entry.name, options.dynamic] = model
        keep(options.keep, models)
        if text := told(model):
            progress("")
            print(text, flush=True)
    progress("")
    order = {name: place for place, name in enumerate(MODELS)}
    ordered = sorted(models.values(), key=lambda model: order.get(model.name, len(order)))
    there = len(MODELS), sum(bool(entry.build()[3]) for entry in MODELS.values())
    print("\n".join(totals([model for model in ordered if model.dynamic == options.dynamic], there[options.dynamic])))
    page = options.out.read_text() if options.out.exists() else ""
    options.out.write_text(put_in(page, list(section(ordered, there))))
    lacking = [reason for model in ordered for _, reason in model.missing]
    return 0 if all(lacking) and not any(model.false_alarm or model.unexplained for model in ordered) else 1


def main() -> int:
    """Returns 1 if a finding of torch is missing or an issue of torchdraft is a false alarm."""
    options = arguments()
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:  # every call of draft_export leaves a log there
        tempfile.tempdir = folder
        return run(options)


if __name__ == "__main__":
    sys.exit(main())
