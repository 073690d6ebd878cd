"""Calls that return another value each time: clocks, random numbers, the environment, files."""

from __future__ import annotations

import io
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from datetime import date, datetime
from pathlib import Path
from random import gauss

import numpy as np
import pytest
import torch
from numpy.random import Philox

import torchdraft

GENERATOR = np.random.default_rng(0)


SETTINGS = Path(__file__)


class Reads(torch.nn.Module):
    def __init__(self, read):
        super().__init__()
        self.read = read
        self.generator = np.random.default_rng(3)
        self.dice = random.Random(5)

    def forward(self, x):
        return x * 0 + float(self.read(self))


READS = {
    "random.random": lambda _: random.random(),
    "random.gauss": lambda _: gauss(0, 1),
    "numpy.random.rand": lambda _: np.random.rand(),
    "numpy.random.default_rng": lambda _: np.random.default_rng().random(),
    "numpy.random.RandomState": lambda _: np.random.RandomState().rand(),
    "numpy.random.PCG64": lambda _: np.random.Generator(np.random.PCG64()).random(),
    "numpy.random.SeedSequence": lambda _: np.random.default_rng(np.random.SeedSequence()).random(),
    "numpy.random.Philox": lambda _: np.random.Generator(Philox()).random(),
    "random.Random": lambda _: random.Random().random(),
    "random.SystemRandom": lambda _: random.SystemRandom().random(),
    "secrets.choice": lambda _: secrets.choice([1, 2]),
    "secrets.token_hex": lambda _: int(secrets.token_hex(2), 16),
    "generator": lambda model: model.generator.normal(),
    "dice": lambda model: model.dice.random(),
    f"{__name__}.GENERATOR": lambda _: GENERATOR.normal(),
    "time.time": lambda _: time.time(),
    "time.perf_counter": lambda _: time.perf_counter(),
    "datetime.datetime.now": lambda _: datetime.now().timestamp(),
    "datetime.date.today": lambda _: date.today().toordinal(),
    "uuid.uuid4": lambda _: uuid.uuid4().int % 7,
    "os.urandom": lambda _: os.urandom(1)[0],
    "os.environ['PATH']": lambda _: len(os.environ["PATH"]),
    "os.environ['HOME']": lambda _: len(os.getenv("HOME", "")),
    f"open({str(SETTINGS)!r})": lambda _: len(SETTINGS.read_text()),
}


@pytest.mark.parametrize("what", READS)
def test_each_read_is_reported_at_its_line(what):
    model = Reads(READS[what])
    states = model.generator.bit_generator.state, model.dice.getstate(), GENERATOR.bit_generator.state
    report = torchdraft.draft_export(model, (torch.ones(3),), check_on_example=False)._report
    (issue,) = report.issues
    assert (issue.code, issue.expr) == ("TD404", what)
    assert "lambda" in issue.location.source or what in ("generator", "dice")
    assert (model.generator.bit_generator.state, model.dice.getstate(), GENERATOR.bit_generator.state) == states


ABSENT = {
    "get": lambda _: int(os.environ.get("TORCHDRAFT_TEST_SWITCH", "2")),
    "getenv": lambda _: os.getenv("TORCHDRAFT_TEST_SWITCH") is None,
    "in": lambda _: "TORCHDRAFT_TEST_SWITCH" not in os.environ,
}


@pytest.mark.parametrize("how", ABSENT)
@pytest.mark.parametrize("value", [None, "3"])
def test_a_variable_that_is_not_set_is_a_note(how, value, monkeypatch):
    if value is not None:
        monkeypatch.setenv("TORCHDRAFT_TEST_SWITCH", value)
    (issue,) = torchdraft.draft_export(Reads(ABSENT[how]), (torch.ones(3),))._report.issues
    assert (issue.code, issue.expr) == ("TD404", "os.environ['TORCHDRAFT_TEST_SWITCH']")
    assert issue.severity == ("note" if value is None else "baked")


QUIET = {
    "a seeded generator": lambda _: np.random.default_rng(0).random() + random.Random(1).random(),
    "a seeded generator of NumPy": lambda _: np.random.RandomState(3).rand() + np.random.Generator(Philox(1)).random(),
    "a generator compared with its class": lambda _: isinstance(np.random.RandomState(0), np.random.RandomState),
    "a file written": lambda _: io.open(os.devnull, "w").close() or 1,  # noqa: UP020
    "a class compared": lambda _: isinstance(datetime(2020, 1, 1), datetime) + issubclass(datetime, date),
    "a temporary file": lambda _: tempfile.TemporaryFile().close() or 1,
    "a warning shown": lambda _: traceback.print_stack(file=io.StringIO()) or 1,
    "a date made": lambda _: datetime(2020, 1, 2).day + date(2020, 1, 1).day,
}


@pytest.mark.parametrize("what", QUIET)
def test_calls_with_a_determined_result_are_not_reported(what):
    report = torchdraft.draft_export(Reads(QUIET[what]), (torch.ones(3),))._report
    assert report.issues == ()


def test_functions_and_classes_are_restored():
    torchdraft.draft_export(Reads(READS["random.random"]), (torch.ones(3),), check_on_example=False)
    assert gauss.__self__ is random._inst
    assert type(datetime(2020, 1, 1)) is datetime
    assert datetime.__name__ == "datetime"
    assert type(Philox(1)) is Philox is np.random.Philox
    assert type(np.random.RandomState(0)) is np.random.RandomState
    assert io.open is open
    assert open.__module__ in ("io", "_io")


FRESH = """
import numpy, torch, torchdraft

class Model(torch.nn.Module):
    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))

torchdraft.draft_export(Model(), (torch.ones(3),), check_on_example=False)
from torch._dynamo.trace_rules import _numpy_function_ids
assert id(numpy.random.rand) in _numpy_function_ids()
"""


def test_dynamo_knows_the_functions_of_numpy_after_a_draft():
    subprocess.run([sys.executable, "-W", "ignore", "-c", FRESH], check=True)


def subclass():
    class Later(datetime):
        def days(self):
            return super().toordinal()

    assert isinstance(Later(2026, 1, 1), datetime)
    return Later(2026, 1, 1).days() + (type(Later(2026, 1, 1)) is Later) + issubclass(Later, datetime)


def test_the_model_may_subclass_a_watched_class():
    program = torchdraft.draft_export(Reads(lambda _: subclass()), (torch.ones(1),))
    assert program._report.issues == ()
    assert program.module()(torch.ones(1)).item() == subclass()


class ImportsLate(torch.nn.Module):
    def forward(self, x):
        import imported_late

        return x * imported_late.FACTOR


def test_reads_of_an_imported_module_are_not_reported(tmp_path, monkeypatch):
    """Nor are those of import hooks, such as pytest's."""
    (tmp_path / "table.txt").write_text("3")
    module = "import os, time\nMADE = time.time()\nHOME = os.environ.get('HOME')\n"
    module += "FACTOR = int(open(os.path.join(os.path.dirname(__file__), 'table.txt')).read())\n"
    (tmp_path / "imported_late.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "imported_late", raising=False)
    program = torchdraft.draft_export(ImportsLate(), (torch.ones(2),))
    assert program._report.issues == ()
    assert torch.equal(program.module()(torch.ones(2)), torch.ones(2) * 3)
    del sys.modules["imported_late"]
