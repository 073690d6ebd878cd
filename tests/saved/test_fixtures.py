"""Files that earlier versions wrote are read, with torchdraft and with torch, and compute what the model computes.

Each folder of `fixtures/` was written by `write.py`: `2026-11-30_flat_layout` by the last version with `TupleKey` in
`torchdraft._trace.keys`, `2026-11-30` by the first with it in `torchdraft.saved`. A new format adds a folder.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import torchdraft
from tests.engine.compare import difference
from tests.saved.models import CLASSES, SAVED
from torchdraft._draft.prepare.object_nodes import unregister_classes

FIXTURES = Path(__file__).parent / "fixtures"
PROGRAMS = sorted(FIXTURES.rglob("*.pt2"))
REPORTS = sorted(FIXTURES.rglob("*.report.json"))


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.fixture(autouse=True)
def classes() -> Iterator[None]:
    """The classes of the models are known to pytree."""
    for cls in CLASSES:
        torchdraft.register(cls)
    logging.disable()  # torch's loader logs a message with a wrong format where example inputs are of other classes
    yield
    logging.disable(logging.NOTSET)
    unregister_classes(CLASSES)


def test_each_folder_has_every_model():
    for folder in FIXTURES.iterdir():
        assert {path.stem for path in folder.glob("*.pt2")} == set(SAVED), folder.name


@pytest.mark.parametrize("load", [torchdraft.load, torch.export.load], ids=["torchdraft", "torch"])
@pytest.mark.parametrize("path", PROGRAMS, ids=label)
def test_a_program_is_read_and_run(path, load):
    saved = SAVED[path.stem]
    module = load(path).module()
    assert difference(module(*saved.args()), saved.model()(*saved.args())) == ""


@pytest.mark.parametrize("path", PROGRAMS, ids=label)
def test_a_program_brings_its_report(path):
    assert torchdraft.load(path)._report.rung == "symbolic"


def known_of(written: Any, again: Any) -> Any:
    """What `again` says of the fields that `written` has."""
    if isinstance(written, dict):
        return {name: known_of(value, again[name]) for name, value in written.items()}
    if isinstance(written, list):
        return [known_of(*pair) for pair in zip(written, again, strict=True)]
    return again


@pytest.mark.parametrize("path", REPORTS, ids=label)
def test_a_report_is_read(path):
    written = json.loads(path.read_text())
    pasted = [issue["data"].pop("paste", "") for issue in written["issues"]]  # a field of the issue since
    report = torchdraft.Report.from_json(path.read_text())
    assert [issue.code for issue in report.issues] == [issue["code"] for issue in written["issues"]]
    assert known_of(written, json.loads(report.to_json())) == written  # what was added since has its default
    assert all(text in issue.code_to_write for text, issue in zip(pasted, report.issues, strict=True))
