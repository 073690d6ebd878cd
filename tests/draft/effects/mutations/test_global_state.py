"""Globals, classes, objects, closures and caches that `forward` writes to: reported at the line, and restored."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import pytest
import torch

import torchdraft
from torchdraft import Severity

HISTORY: list[Any] = []
TABLES: dict[str, torch.Tensor] = {}
LAST = None
COUNT = 0


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
def test_everything_is_restored(model):
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


# -- a second trace ---------------------------------------------------------------------------------------------------

KINDS: dict = {}


NESTED: dict = {"sizes": []}


READY = False


CALLS = 0


SEEN: list = []


class Scale:
    factor = 2.0


class Remembers(torch.nn.Module):
    """As libraries do: what was looked up once is kept, and so is that something was set up."""

    def forward(self, x):
        global READY, CALLS
        if type(x) not in KINDS:
            KINDS[type(x)] = Scale()
        READY = True
        CALLS += 1
        SEEN.append(len(SEEN))
        if not NESTED["sizes"]:
            NESTED["sizes"].append(3)
        return x * KINDS[type(x)].factor


def test_globals_that_a_second_call_does_not_change_are_notes():
    report = torchdraft.draft_export(Remembers(), (torch.ones(3),))._report
    severities = {i.expr.rpartition(".")[2]: str(i.severity) for i in report.issues if i.code == "TD403"}
    assert severities == {"KINDS": "note", "NESTED": "note", "READY": "note", "CALLS": "baked", "SEEN": "baked"}
    assert (KINDS, NESTED, READY, CALLS, SEEN) == ({}, {"sizes": []}, False, 0, [])


class RemembersTheFirst(torch.nn.Module):
    """The next call reads what this one left."""

    def forward(self, x):
        factor = KINDS.setdefault("first", 5) if KINDS else 2
        KINDS["first"] = 3
        return x * factor


def test_globals_that_change_the_next_call_are_baked():
    report = torchdraft.draft_export(RemembersTheFirst(), (torch.ones(3),))._report
    assert [(i.code, str(i.severity)) for i in report.issues] == [("TD403", "baked")]
    assert KINDS == {}


BACKBONE = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).eval()


class Head(torch.nn.Module):
    """Built from the layers of a model that is a global, as in transfer learning."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(BACKBONE.children())

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x * BACKBONE[0].out_features


def test_layers_of_a_global_model_are_no_writes():
    x = torch.randn(2, 3)
    program = torchdraft.draft_export(Head().eval(), (x,))
    assert not program._report.issues
    torch.testing.assert_close(program.module()(x), Head().eval()(x))


class Counter:
    __slots__ = ("calls",)

    def __init__(self):
        self.calls = 0


class Counts(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.counters = {"own": [Counter()]}

    def forward(self, x):
        self.counters["own"][0].calls += 1
        return x * self.counters["own"][0].calls


def test_a_count_in_an_object_with_slots_is_reported_and_restored():
    model = Counts()
    (issue,) = torchdraft.draft_export(model, (torch.ones(2),))._report.issues
    assert (issue.code, issue.severity) == ("TD403", Severity.BAKED)
    assert "calls += 1" in issue.location.source
    assert model.counters["own"][0].calls == 0
