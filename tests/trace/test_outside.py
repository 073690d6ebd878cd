"""What a model leaves outside of itself, and what it reads from there: told with its line, and taken back."""

from __future__ import annotations

import functools
import glob
import io
import os
import random
import secrets
import sys
import tempfile
import threading
import time
import traceback
import uuid
from datetime import date, datetime
from pathlib import Path
from random import gauss
from types import SimpleNamespace
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import pytest
import torch
from numpy.random import Philox

import torchdraft
from torchdraft import Severity

HISTORY: list[Any] = []
TABLES: dict[str, torch.Tensor] = {}
LAST = None
COUNT = 0
listdir = os.listdir
GENERATOR = np.random.default_rng(0)


RING: dict[str, Any] = {}
NAMESPACE = SimpleNamespace(last=None)
WEAK: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


class Registry:
    def __init__(self):
        self.entries = {}


REGISTRY = Registry()


@functools.lru_cache
def ramp(size):
    return torch.arange(size)


@functools.lru_cache
def product(x):
    return x * 3


def keep(y):
    HISTORY.append(y)  # helper


def counted():
    held = [0]

    def step(x):
        held.append(x)
        return x * 2

    return step


STEP = counted()


class InList(torch.nn.Module):
    def forward(self, x):
        HISTORY.append(x * 2)  # here
        return x


class InGlobal(torch.nn.Module):
    def forward(self, x):
        global LAST
        LAST = x * 2  # here
        return x


class InCounter(torch.nn.Module):
    def forward(self, x):
        global COUNT
        COUNT += 1  # here
        return x * COUNT


class InClass(torch.nn.Module):
    seen: ClassVar[list[Any]] = []

    def forward(self, x):
        self.seen.append(x * 2)  # here
        return x


class InClosure(torch.nn.Module):
    def forward(self, x):
        return STEP(x)


class InHelper(torch.nn.Module):
    def forward(self, x):
        keep(x * 2)
        return x


class InRing(torch.nn.Module):
    def forward(self, x):
        RING.update(last=x * 2, ring=[RING])  # here
        return x


class InNamespace(torch.nn.Module):
    def forward(self, x):
        NAMESPACE.last = x * 2  # here
        return x


class InWeakTable(torch.nn.Module):
    def forward(self, x):
        WEAK[self] = x * 2  # here
        return x


class InObject(torch.nn.Module):
    def forward(self, x):
        REGISTRY.entries["last"] = x * 2  # here
        return x


class InOwnObject(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.registry = Registry()

    def forward(self, x):
        self.registry.entries["last"] = x * 2  # here
        return x


class InTable(torch.nn.Module):
    def forward(self, x):
        if "ramp" not in TABLES:
            TABLES["ramp"] = torch.arange(3)  # here
        return x + TABLES["ramp"]


class InCache(torch.nn.Module):
    def forward(self, x):
        return x + ramp(3)  # here


class InCacheOfInputs(torch.nn.Module):
    def forward(self, x):
        return x + product(x)  # here


class InAttribute(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = None

    def forward(self, x):
        if self.table is None:
            self.table = torch.arange(3)  # here
        return x + self.table


BAKED = [InList, InGlobal, InCounter, InClass, InRing, InNamespace, InWeakTable, InObject, InOwnObject, InCacheOfInputs]
NOTES = [InTable, InCache, InAttribute]


def drafted(model):
    x = torch.ones(3)
    program = torchdraft.draft_export(model, (x,))
    torch.testing.assert_close(program.module()(x), type(model)()(x))
    return program._report.issues


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    global LAST, COUNT
    LAST, COUNT = None, 0
    HISTORY.clear()
    TABLES.clear()
    RING.clear()
    WEAK.clear()
    NAMESPACE.last = None
    REGISTRY.entries.clear()
    InClass.seen.clear()
    ramp.cache_clear()
    product.cache_clear()


@pytest.mark.parametrize("model", BAKED)
def test_what_depends_on_the_input_is_baked_at_its_line(model):
    (issue,) = drafted(model())
    assert (issue.code, issue.severity) == ("TD403", Severity.BAKED)
    assert issue.location.source.endswith("# here")


@pytest.mark.parametrize("model", NOTES)
def test_a_table_of_no_inputs_is_a_note(model):
    (issue,) = drafted(model())
    assert (issue.code, issue.severity) == ("TD402" if model is InAttribute else "TD403", Severity.NOTE)
    assert issue.location.source.endswith("# here")


def test_a_write_in_a_function_is_found_there():
    (issue,) = drafted(InHelper())
    assert issue.location.source.endswith("# helper")


def test_a_write_to_a_closure_is_found():
    (issue,) = torchdraft.draft_export(InClosure(), (torch.ones(3),))._report.issues
    assert issue.location.source.strip() == "held.append(x)"
    assert STEP.__closure__[0].cell_contents == [0]


@pytest.mark.parametrize("model", [*BAKED, *NOTES])
def test_nothing_stays(model):
    module = model()
    torchdraft.draft_export(module, (torch.ones(3),))
    assert not HISTORY
    assert not TABLES
    assert not RING
    assert NAMESPACE.last is None
    assert not WEAK
    assert (LAST, COUNT) == (None, 0)
    assert not InClass.seen
    assert not REGISTRY.entries
    assert not getattr(module, "registry", REGISTRY).entries
    assert not any(torch.is_tensor(v) for v in vars(module).values())
    # what the model's own run on the example left in a cache is a real tensor
    assert type(ramp(3)) is torch.Tensor


# -- reads -------------------------------------------------------------------------------------------------------------

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
    f"Path.exists({str(SETTINGS)!r})": lambda _: SETTINGS.exists(),
    f"Path.is_dir({str(SETTINGS)!r})": lambda _: SETTINGS.is_dir(),
    f"Path.stat({str(SETTINGS)!r})": lambda _: SETTINGS.stat().st_size,
    f"os.path.exists({str(SETTINGS)!r})": lambda _: os.path.exists(SETTINGS),
    f"os.path.isfile({str(SETTINGS)!r})": lambda _: os.path.isfile(SETTINGS),
    f"os.path.getsize({str(SETTINGS)!r})": lambda _: os.path.getsize(SETTINGS),
    f"os.stat({str(SETTINGS)!r})": lambda _: os.stat(SETTINGS).st_size,
    f"os.access({str(SETTINGS)!r})": lambda _: os.access(SETTINGS, os.R_OK),
    f"os.listdir({str(SETTINGS.parent)!r})": lambda _: len(listdir(SETTINGS.parent)),
    f"os.scandir({str(SETTINGS.parent)!r})": lambda _: len(list(os.scandir(SETTINGS.parent))),
    "os.walk": lambda _: len(next(os.walk(SETTINGS.parent))),
    "Path.iterdir": lambda _: len(list(SETTINGS.parent.iterdir())),
    "Path.glob": lambda _: len(list(SETTINGS.parent.glob("*.py"))),
    "glob.glob": lambda _: len(glob.glob(str(SETTINGS.parent / "*.py"))),
}


@pytest.mark.parametrize("what", READS)
def test_a_read_is_told_at_its_line(what):
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
    "a seeded generator of NumPy's": lambda _: (
        np.random.RandomState(3).rand() + np.random.Generator(Philox(1)).random()
    ),
    "a generator asked for": lambda _: isinstance(np.random.RandomState(0), np.random.RandomState),
    "a file written": lambda _: io.open(os.devnull, "w").close() or 1,  # noqa: UP020
    "a class asked for": lambda _: isinstance(datetime(2020, 1, 1), datetime) + issubclass(datetime, date),
    "a folder made": lambda _: os.makedirs(SETTINGS.parent, exist_ok=True) or SETTINGS.parent.mkdir(exist_ok=True) or 1,
    "a path worked out": lambda _: len(SETTINGS.resolve().name) + len(os.path.join("a", os.path.basename("b/c"))),
    "a temporary file": lambda _: tempfile.TemporaryFile().close() or 1,
    "a warning shown": lambda _: traceback.print_stack(file=io.StringIO()) or 1,
    "a date made": lambda _: datetime(2020, 1, 2).day + date(2020, 1, 1).day,
}


@pytest.mark.parametrize("what", QUIET)
def test_what_is_the_same_in_every_call_is_not_told(what):
    report = torchdraft.draft_export(Reads(QUIET[what]), (torch.ones(3),))._report
    assert report.issues == ()


def test_the_functions_watched_are_pythons_own_again():
    torchdraft.draft_export(Reads(READS["random.random"]), (torch.ones(3),), check_on_example=False)
    assert gauss.__self__ is random._inst
    assert type(datetime(2020, 1, 1)) is datetime
    assert datetime.__name__ == "datetime"
    assert type(Philox(1)) is Philox is np.random.Philox
    assert type(np.random.RandomState(0)) is np.random.RandomState
    assert io.open is open
    assert listdir is os.listdir
    assert os.stat.__module__ == "posix"
    assert open.__module__ in ("io", "_io")


class ImportsLate(torch.nn.Module):
    def forward(self, x):
        import imported_late

        return x * imported_late.FACTOR


def test_what_an_import_reads_is_no_doing_of_the_model(tmp_path, monkeypatch):
    """Nor is what a hook of the import system reads, as pytest's does for the modules of its plugins."""
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


class Waits(torch.nn.Module):
    """Until the other thread has asked for the time."""

    def __init__(self, asked, go):
        super().__init__()
        self.ask = lambda: (go.set(), asked.wait(20))

    def forward(self, x):
        self.ask()
        return x + 1


def test_a_thread_that_runs_beside_is_not_the_model():
    asked, go = threading.Event(), threading.Event()

    def beside():
        go.wait(20)
        time.time()
        random.random()
        asked.set()

    thread = threading.Thread(target=beside)
    thread.start()
    report = torchdraft.draft_export(Waits(asked, go), (torch.ones(2),))._report
    thread.join()
    assert asked.is_set()
    assert [i for i in report.issues if i.code == "TD404" and i.expr != "random"] == []
