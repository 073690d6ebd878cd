"""Calls of functions that a rule asks for."""

import os
import sys
import threading
import time
import types

import pytest
import torch

import torchdraft
from tests.testing.shipped_rule import NumpyRead
from torchdraft.model import Severity
from torchdraft.rules import Rule, events
from torchdraft.rules.registry import also


class Tool:
    """A class of the user's, with every kind of method."""

    def method(self, x):
        return x + 1

    @staticmethod
    def static(x):
        return x + 1


def plain(x):
    return x + 1


class Called(Rule[events.FunctionCalled]):
    __doc__ = NumpyRead.__doc__
    code, name, severity, takes = "ACME005", "called", Severity.NOTE, (events.FunctionCalled,)

    def accepts(self, event):
        return event.function in self.calls

    def issue(self, event):
        return self.found(event, f"{event.function} was called.", expr=event.function)

    def identity(self, event):
        return (event.function,)


def calling(*names):
    return type("Asking", (Called,), {"__doc__": Called.__doc__, "calls": names})()


@pytest.fixture
def acme(monkeypatch):
    """A module that the model calls into."""
    module = types.ModuleType("acme")
    module.plain, module.Tool, module.number = plain, Tool, 7
    monkeypatch.setitem(sys.modules, "acme", module)
    return module


class Model(torch.nn.Module):
    def forward(self, x):
        import acme

        x = acme.plain(x)
        x = acme.Tool().method(x)
        x = acme.Tool.static(x)
        time.sleep(0)
        return x


def reported(*names):
    with also(calling(*names)):
        report = torchdraft.draft_export(Model(), (torch.ones(3),))._report
    return [(issue.expr, issue.location.source.strip()) for issue in report.issues if issue.code == "ACME005"]


def test_each_call_is_reported_with_its_line(acme):
    assert reported("acme.plain", "time.sleep", "acme.Tool.method") == [
        ("acme.plain", "x = acme.plain(x)"),
        ("acme.Tool.method", "x = acme.Tool().method(x)"),
        ("time.sleep", "time.sleep(0)"),
    ]


@pytest.mark.parametrize(
    "name", ["acme.gone", "gone.function", "acme.number", "acme.Tool", "acme.Tool.static", "plain", ""]
)
def test_names_that_cannot_be_replaced_are_ignored(acme, name):
    assert reported(name) == []


def test_functions_are_restored(acme):
    own = time.sleep, acme.plain, Tool.method
    reported("time.sleep", "acme.plain", "acme.Tool.method")
    assert (time.sleep, acme.plain, Tool.method) == own


def test_calls_made_by_torch_are_not_reported():
    class Sum(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.softmax(x, 0)

    with also(calling("torch.nn.functional.softmax", "torch.overrides.has_torch_function_unary")):
        report = torchdraft.draft_export(Sum(), (torch.ones(3),))._report
    assert [issue.expr for issue in report.issues] == ["torch.nn.functional.softmax"]


def test_calls_of_another_thread_are_not_reported(acme):
    called, go = threading.Event(), threading.Event()

    def beside():
        go.wait(20)
        acme.plain(1)
        called.set()

    class Waits(torch.nn.Module):
        def forward(self, x):
            go.set()
            called.wait(20)
            return acme.plain(x)

    thread = threading.Thread(target=beside)
    thread.start()
    with also(calling("acme.plain")):
        (issue,) = torchdraft.draft_export(Waits(), (torch.ones(3),))._report.issues
    thread.join()
    assert called.is_set()
    assert issue.location.source.strip() == "return acme.plain(x)"


def test_a_loop_is_one_issue_with_a_count(acme):
    class Loop(torch.nn.Module):
        def forward(self, x):
            for _ in range(3):
                x = acme.plain(x)
            return x

    with also(calling("acme.plain")):
        (issue,) = torchdraft.draft_export(Loop(), (torch.ones(3),))._report.issues
    assert issue.occurrences == 3


def test_a_rule_does_not_hide_what_other_watchers_report(tmp_path):
    class Reads(torch.nn.Module):
        def forward(self, x):
            return x * time.time() * len(os.listdir(tmp_path))

    def codes():
        issues = torchdraft.draft_export(Reads(), (torch.ones(3),), check_on_example=False)._report.issues
        return [(issue.code, issue.expr) for issue in issues]

    without = codes()
    with also(calling("time.time", "os.listdir")):
        assert [each for each in codes() if each[0] != "ACME005"] == without
        assert [each for each in codes() if each[0] == "ACME005"] == [
            ("ACME005", "time.time"),
            ("ACME005", "os.listdir"),
        ]


def test_two_rules_watch_the_same_function(acme):
    other = type("Other", (Called,), {"__doc__": Called.__doc__, "calls": ("acme.plain",), "code": "ACME006"})()
    with also(calling("acme.plain")), also(other):
        issues = torchdraft.draft_export(Model(), (torch.ones(3),))._report.issues
    assert sorted(issue.code for issue in issues) == ["ACME005", "ACME006"]
