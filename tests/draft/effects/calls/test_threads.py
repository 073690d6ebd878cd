"""Threads: those that the model gives work to are watched, others see and do what they always do."""

from __future__ import annotations

import datetime
import os
import pickle
import queue
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import torchdraft
from tests.testing.shipped_rule import NumpyRead
from torchdraft.model import Severity
from torchdraft.rules import Rule, events
from torchdraft.rules.registry import also

ORIGINALS = {
    "datetime": (lambda: datetime.datetime, datetime.datetime),
    "Random": (lambda: random.Random, random.Random),
    "RandomState": (lambda: np.random.RandomState, np.random.RandomState),
}


class Waits(torch.nn.Module):
    """Lets another thread work while `forward` runs."""

    def __init__(self, work):
        super().__init__()
        self.go, self.done = threading.Event(), threading.Event()
        self.work, self.results = work, queue.SimpleQueue()  # a draft does not look into it

    def __deepcopy__(self, memo):
        return self

    def beside(self):
        self.go.wait(20)
        try:
            self.results.put(self.work())
        finally:
            self.done.set()

    def forward(self, x):
        self.go.set()
        self.done.wait(20)
        return x + 1


def drafted_beside(work):
    """The report of a draft, and what `work` returned in another thread while `forward` was traced."""
    model = Waits(work)
    thread = threading.Thread(target=model.beside)
    thread.start()
    report = torchdraft.draft_export(model, (torch.ones(2),), check_on_example=False)._report
    thread.join()
    return report, model.results.get_nowait()


def reads():
    time.time()
    datetime.datetime.now()
    random.random()
    np.random.rand()
    open(os.devnull).close()
    os.listdir(".")
    return os.environ["PATH"]


def test_reads_of_another_thread_are_not_reported():
    report, _ = drafted_beside(reads)
    assert report.issues == ()


@pytest.mark.parametrize("name", ORIGINALS)
def test_another_thread_finds_the_original_classes(name):
    find, original = ORIGINALS[name]
    _, found = drafted_beside(find)
    assert found is original


def pickles():
    return pickle.dumps([datetime.datetime.now(), random.Random(3)])


def test_another_thread_can_pickle_instances():
    moment, generator = pickle.loads(drafted_beside(pickles)[1])
    assert type(moment) is datetime.datetime
    assert type(generator) is random.Random


def subclass():
    return type("Later", (datetime.datetime,), {})


def test_a_class_that_another_thread_makes_outlives_the_draft():
    _, later = drafted_beside(subclass)
    assert type(later(2026, 1, 1)) is later


class Called(Rule[events.FunctionCalled]):
    __doc__ = NumpyRead.__doc__
    code, name, severity, takes = "ACME005", "called", Severity.NOTE, (events.FunctionCalled,)
    calls = ("time.sleep",)

    def issue(self, event):
        return self.found(event, f"{event.function} was called.", expr=event.function)

    def identity(self, event):
        return (event.function,)


def test_calls_of_another_thread_are_not_reported():
    with also(Called()):
        report, _ = drafted_beside(lambda: time.sleep(0))
    assert report.issues == ()


def clock():
    return time.time()


class Starts(torch.nn.Module):
    def forward(self, x):
        values = []
        thread = threading.Thread(target=lambda: values.append(clock()))
        thread.start()
        thread.join()
        assert "run" not in vars(thread)
        return x * values[0]


class Submits(torch.nn.Module):
    """Gives work to a thread that ran before the draft."""

    pool = ThreadPoolExecutor(1)

    def forward(self, x):
        return x * self.pool.submit(clock).result()


@pytest.mark.parametrize("model", [Starts, Submits])
def test_work_that_the_model_gives_to_a_thread_is_watched(model):
    Submits.pool.submit(int).result()
    (issue,) = torchdraft.draft_export(model(), (torch.ones(2),), check_on_example=False)._report.issues
    assert (issue.code, issue.expr, issue.location.source.strip()) == ("TD404", "time.time", "return time.time()")


class StartsAPool(Waits):
    """Starts a worker, which then works for somebody else."""

    pool = ThreadPoolExecutor(1)

    def forward(self, x):
        self.pool.submit(int).result()
        return super().forward(x)


def test_work_that_others_give_to_a_thread_of_the_model_is_not_watched():
    model = StartsAPool(lambda: StartsAPool.pool.submit(clock).result())
    thread = threading.Thread(target=model.beside)
    thread.start()
    report = torchdraft.draft_export(model, (torch.ones(2),), check_on_example=False)._report
    thread.join()
    assert model.results.get_nowait()
    assert report.issues == ()


def test_a_thread_that_cannot_start_is_left_as_it_was():
    found = queue.SimpleQueue()

    class StartsTwice(torch.nn.Module):
        def forward(self, x):
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
            with pytest.raises(RuntimeError, match="only be started once"):
                thread.start()
            found.put(vars(thread).get("run"))
            return x + 1

    start, submit = threading.Thread.start, ThreadPoolExecutor.submit
    torchdraft.draft_export(StartsTwice(), (torch.ones(2),), check_on_example=False)
    assert found.get_nowait() is None
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == (start, submit)
