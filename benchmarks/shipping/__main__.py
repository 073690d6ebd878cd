"""Ships every model to every runtime, runs the results, and prints a table; `--write` puts it into docs/shipping.md."""

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
from pathlib import Path
from typing import Any

import torch

from torchdraft._torch import pytree

from ..isolate import in_fork
from .consumers import ENDINGS, ours, torchs
from .models import MODELS, Model, calls
from .page import PAGE, table, written

SHIPPERS = {"torchdraft": ours, "torch": torchs}


def main() -> int:
    """Runs the chosen cells. Exit status 1 if torchdraft is wrong in silence anywhere."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shipping", description=__doc__)
    parser.add_argument("--only", default="", help="only the kinds that contain this text")
    parser.add_argument("--runtimes", default=",".join(ENDINGS), help="some of " + ", ".join(ENDINGS))
    parser.add_argument("--shippers", default=",".join(SHIPPERS), help="some of " + ", ".join(SHIPPERS))
    parser.add_argument("--timeout", type=float, default=300.0, help="limit for one cell, in seconds")
    parser.add_argument("--results", type=Path, help="read and keep the cells in this file (.json)")
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    kept = options.results.read_text() if options.results and options.results.exists() else "{}"
    cells: dict[str, dict[str, Any]] = json.loads(kept)
    warm_up(options.runtimes.split(","))
    for kind, runtime, shipper, model in chosen(options):
        key = f"{kind}|{runtime}|{shipper}"
        if key in cells and not options.only:
            continue
        outcome = in_fork(lambda m=model, r=runtime, s=shipper: cell(m, r, s), options.timeout)
        cells[key] = outcome.value or {"error": outcome.error}
        print(f"{key}: {cells[key]}", file=sys.stderr, flush=True)
        if options.results:
            options.results.write_text(json.dumps(cells, indent=1))
    text = table([model.kind for model in MODELS if options.only in model.kind], cells)
    print(text)
    if options.write:
        PAGE.write_text(written(PAGE.read_text(), text))
    return int(any(value.get("silent") for key, value in cells.items() if key.endswith("|torchdraft")))


def warm_up(runtimes: list[str]) -> None:
    """Imports what exporters import, once for all forked processes."""
    program = torch.export.export(torch.nn.ReLU(), (torch.ones(2),))
    if "onnx" in runtimes:
        torch.onnx.export(program, dynamo=True, verbose=False)
        importlib.import_module("onnxruntime")
    if "executorch" in runtimes:
        importlib.import_module("executorch.exir")
        importlib.import_module("executorch.runtime")
    if "aoti" in runtimes:
        importlib.import_module("torchdraft._torch.exporters.aoti")


def chosen(options: argparse.Namespace) -> Iterator[tuple[str, str, str, Model]]:
    """The cells to run."""
    for model in MODELS:
        for runtime in options.runtimes.split(","):
            for shipper in options.shippers.split(","):
                if options.only in model.kind:
                    yield model.kind, runtime, shipper, model


def cell(model: Model, runtime: str, shipper: str) -> dict[str, Any]:
    """What becomes of the inputs of one model."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            run = SHIPPERS[shipper](model, runtime, Path(folder))
        except Exception as error:
            return {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}
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
    """Whether one run equals eager, in its result and in its inputs after the call."""
    eager = model.build()
    mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
    failed = False
    want: Any = None
    try:
        want = [eager(*mine), mine, dict(eager.named_buffers())]
    except Exception:
        failed = True
    try:
        result = run(*theirs)
    except Exception as error:
        return "loud", f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
    if failed:
        return "silent", "eager raises"
    buffers = dict(run.named_buffers()) if isinstance(run, torch.nn.Module) else {}
    got = [result, theirs, {name: buffers.get(name, before) for name, before in model.build().named_buffers()}]
    try:
        torch.testing.assert_close(pytree.tree_leaves(got), pytree.tree_leaves(want))
    except (AssertionError, TypeError) as error:
        return "silent", " ".join(str(error).split())[:160]
    finally:
        _restore(run)
    return "right", ""


def _restore(run: Any) -> None:
    """Sets the buffers of a runtime back to their first values: every run is compared with a new model."""
    if isinstance(run, torch.nn.Module):
        for name, buffer in run.named_buffers():
            first = _first.setdefault((id(run), name), torch.zeros_like(buffer))
            buffer.copy_(first)


_first: dict[Any, torch.Tensor] = {}

if __name__ == "__main__":
    sys.exit(main())
