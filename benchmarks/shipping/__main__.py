"""Puts every model through every consumer, runs the results, and prints tables; `--write` puts them into
docs/shipping.md.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from torchdraft._torch import pytree

from ..isolate import in_fork
from .models import Model, calls
from .page import PAGE, drawn, written
from .tables import TABLES, Column, Table, is_ours


def main() -> int:
    """Runs the chosen cells. Exit status 1 if torchdraft is wrong in silence anywhere."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shipping", description=__doc__)
    parser.add_argument("--only", default="", help="only the rows that contain this text")
    parser.add_argument("--columns", default="", help="only the columns that contain one of these texts")
    parser.add_argument("--tables", default=",".join(t.name for t in TABLES), help="which tables")
    parser.add_argument("--timeout", type=float, default=300.0, help="limit for one cell, in seconds")
    parser.add_argument("--results", type=Path, help="read and keep the cells in this file (.json)")
    parser.add_argument("--again", action="store_true", help="run cells that the file has, too")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE}")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    kept = options.results.read_text() if options.results and options.results.exists() else "{}"
    cells: dict[str, dict[str, Any]] = json.loads(kept)
    warm_up()
    for table, kind, column in chosen(options):
        key = f"{table.name}|{kind}|{column}"
        if key in cells and not options.again:
            continue
        outcome = in_fork(partial(cell, table.row(kind), table.columns[column]), options.timeout)
        cells[key] = outcome.value or {"error": outcome.error}
        print(f"{key}: {cells[key]}", file=sys.stderr, flush=True)
        if options.results:
            options.results.write_text(json.dumps(cells, indent=1))
    for table in TABLES:
        kinds = [row.kind for row in table.rows if options.only in row.kind]
        if table.name in options.tables.split(",") and kinds:
            text = drawn(table, cells, kinds)
            print(f"{text}\n")
            if options.write:
                PAGE.write_text(written(PAGE.read_text(), table, text))
    return int(any(each.get("silent") for key, each in cells.items() if is_ours(key)))


def warm_up() -> None:
    """Imports what exporters import, once for all forked processes."""
    program = torch.export.export(torch.nn.ReLU(), (torch.ones(2),))
    torch.onnx.export(program, dynamo=True, verbose=False)
    for name in ("onnxruntime", "executorch.exir", "executorch.runtime", "torchdraft._torch.exporters.aoti"):
        importlib.import_module(name)


def chosen(options: argparse.Namespace) -> Iterator[tuple[Table, str, str]]:
    """The cells to run."""
    for table in TABLES:
        for kind, column in table.cells() if table.name in options.tables.split(",") else ():
            if options.only in kind and any(each in column for each in options.columns.split(",")):
                yield table, kind, column


def cell(model: Model, column: Column) -> dict[str, Any]:
    """What becomes of the inputs of one model."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            run = column(model, Path(folder))
        except Exception as error:
            return {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
        return outcomes(model, run)


def outcomes(model: Model, run: Any) -> dict[str, Any]:
    """How many inputs were right, wrong, loud and silent."""
    found = {"right": 0, "wrong": 0, "loud": 0, "silent": 0, "of_right": 0, "of_broken": 0, "detail": ""}
    for kind, inputs in (("right", (model.example, *calls(model.others))), ("broken", calls(model.broken))):
        for args in inputs:
            found[f"of_{kind}"] += 1
            outcome, detail = compared(model, run, args)
            if outcome == "right":
                found["right" if kind == "right" else "loud"] += 1
            elif outcome == "loud" and kind == "broken":
                found["loud"] += 1
            else:
                found["silent" if outcome != "loud" else "wrong"] += 1
                found["detail"] = detail
    return found


def compared(model: Model, run: Any, args: tuple[Any, ...]) -> tuple[str, str]:
    """Whether one run equals eager, in its result, in its inputs after the call, and in its buffers."""
    eager = model.build()
    first = {name: buffer.clone() for name, buffer in eager.named_buffers()}
    mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
    failed = False
    want: Any = None
    try:
        want = [eager(*mine), mine, dict(eager.named_buffers())]
    except Exception:
        failed = True
    buffers = dict(run.named_buffers()) if isinstance(run, torch.nn.Module) else {}
    for name, value in first.items():  # every run is compared with a new model
        if name in buffers:
            buffers[name].copy_(value)
    try:
        result = run(*theirs)
    except Exception as error:
        return "loud", f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    if failed:
        return "silent", "eager raises"
    got = [result, theirs, {name: buffers.get(name, value) for name, value in first.items()}]
    try:
        torch.testing.assert_close(pytree.tree_leaves(got), pytree.tree_leaves(want))
    except (AssertionError, TypeError) as error:
        return "silent", " ".join(str(error).split())[:160]
    return "right", ""


if __name__ == "__main__":
    sys.exit(main())
