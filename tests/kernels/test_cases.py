"""The table of operator cases: some of ours hold, and each column finds a program that is wrong there."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
import torch

import torchdraft
from benchmarks.kernels import __main__ as command
from benchmarks.kernels import check as checks
from benchmarks.kernels.case import CASES, Case, case, load
from benchmarks.kernels.cases import failures, table
from benchmarks.kernels.check import COLUMNS, Result, check

load()
SOME = [
    "a size grows otherwise",
    "an output is None for other data",
    "the length of a list is a size",
    "a sparse output",
    "(Tensor, int, float, str)",
    "float with a fake kernel that names the example's",
    "an undeclared view of the argument",
    "an undeclared write beside a declared one",
    "outputs that overlap, one written",
    "cholesky raises for the example's data",
]


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_there_are_at_least_sixty_cases():
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", SOME)
def test_ours_hold(name):
    assert not check(CASES[name], "ours").failures


def test_an_exporter_without_a_graph_fails_every_column(monkeypatch):
    monkeypatch.setitem(checks.EXPORTERS, "ours", (None, None))
    assert set(check(CASES["int"], "ours").failures) == set(COLUMNS)


def test_a_program_that_returns_the_examples_result_is_found(monkeypatch):
    class Frozen(torch.nn.Module):
        def __init__(self, result):
            super().__init__()
            self.result = result

        def forward(self, x):
            return self.result + 0 * x

    def frozen(model, args, kwargs, dynamic_shapes=None):
        program = torch.export.export(Frozen(model(*args)), args)
        program._report = SimpleNamespace(issues=(), op_profiles={}, failures=())
        return program

    monkeypatch.setitem(checks.EXPORTERS, "ours", (frozen, torchdraft.unsafe_generate_fake_kernels))
    found = check(CASES["bool"], "ours").failures
    assert set(found) == {"others", "reported", "decomposes", "retraces", "alone"}


def test_the_table_counts_what_holds():
    results = [
        Result("a", "ours", {}),
        Result("b", "ours", {"others": "wrong"}),
        Result("a", "torch", {"graph": "none"}),
    ]
    lines = list(table(results))
    assert lines[2].split(" | ")[1:] == ["2", "2", "2", "1", "2", "2", "2", "2", "1 |"]
    assert list(failures(results)) == ["ours: b: others: wrong", "torch: a: graph: none"]


def test_an_unknown_table_is_refused(capsys):
    assert command.main(["nothing"]) == 2
    assert "cases" in capsys.readouterr().err


def test_a_name_is_used_once():
    with pytest.raises(ValueError, match="two cases are called int"):
        case("int", torch.sin, torch.ones(2))
    assert isinstance(CASES["int"], Case)
