"""Clocks and makers of unique names: notes where a second trace with other answers gives the same program."""

from __future__ import annotations

import functools
import logging
import time
import uuid
from datetime import date, datetime, timedelta

import pytest
import torch

import torchdraft
from torchdraft._draft.effects.clock_answers import ClockAnswers, can_be_varied

TABLE: dict[str, torch.Tensor] = {}


class Reads(torch.nn.Module):
    def __init__(self, read):
        super().__init__()
        self.read = read

    def forward(self, x):
        return self.read(x)


def logged(x):
    started = time.perf_counter()
    y = x * 2
    logging.getLogger(__name__).debug("took %s at %s", time.perf_counter() - started, datetime.now())
    return y


def named(x):
    parts = {f"part.{uuid.uuid4().int}": part for part in x.unbind(0)}
    return torch.stack([parts[name] for name in parts])


def _remembering():
    """A function whose cache no name leads to, as a library may build them."""
    return functools.cache(functools.partial(_named_once))


def _named_once(rows):
    return {f"row.{uuid.uuid4().hex}": row for row in range(rows)}


CACHES = [_remembering()]


def named_once(x):
    return torch.stack([x[row] for row in CACHES[0](x.shape[0]).values()])


@pytest.mark.parametrize("read", [logged, named, named_once])
def test_values_that_are_only_logged_or_name_something_are_notes(read):
    CACHES[:] = [_remembering()]
    report = torchdraft.draft_export(Reads(read), (torch.ones(3, 2),))._report
    assert {(issue.code, str(issue.severity)) for issue in report.issues} == {("TD404", "note")}
    assert "read another value" in report.issues[0].message


def computed_with(x):
    return x * (time.time_ns() % 3 + 1)


def until_a_deadline(x):
    started = time.monotonic()
    for _ in range(4):
        if time.monotonic() - started > 60:
            break
        x = x + 1
    return x


def expired(x):
    return x * 2 if datetime.now() - datetime(2026, 1, 1) < timedelta(days=2000) else x


def on_weekdays(x):
    return x * date.today().weekday()


def parted_by_name(x):
    return x * 2 if uuid.uuid4().int % 2 else x


def key_once(rows):
    return uuid.uuid4().int % rows


def chosen_once(x):
    return x[CACHES[0](x.shape[0])]


@pytest.mark.parametrize("read", [computed_with, until_a_deadline, expired, on_weekdays, parted_by_name, chosen_once])
def test_values_that_decide_anything_are_baked(read):
    CACHES[:] = [functools.cache(functools.partial(key_once))]
    report = torchdraft.draft_export(Reads(read), (torch.ones(3, 2),), check_on_example=False)._report
    assert {(issue.code, str(issue.severity)) for issue in report.issues} == {("TD404", "baked")}


def started_once():
    return time.time()


def since_start(x):
    return x * CACHES[0]()


def test_caches_hold_no_varied_answer():
    CACHES[:] = [functools.cache(functools.partial(started_once))]
    torchdraft.draft_export(Reads(since_start), (torch.ones(3),), check_on_example=False)
    assert abs(CACHES[0]() - time.time()) < 3600


class LogsAndCounts(torch.nn.Module):
    """Two reasons for a second trace; only one of them is harmless."""

    def __init__(self):
        super().__init__()
        self.length = None

    def forward(self, x):
        self.length = x.shape[0]
        return x * (time.time_ns() % 3 + self.length)


def test_a_clock_that_matters_does_not_hide_a_harmless_write():
    issues = torchdraft.draft_export(LogsAndCounts(), (torch.ones(3),), check_on_example=False)._report.issues
    assert {issue.code: str(issue.severity) for issue in issues} == {"TD404": "baked", "TD402": "note"}


@pytest.mark.parametrize("modulus", range(2, 21))
def test_other_answers_have_other_remainders(modulus):
    name, moment = uuid.uuid4(), time.time_ns()
    first = ClockAnswers()
    first.answer("uuid.uuid4", name), first.answer("time.time_ns", moment)
    second = ClockAnswers(first, others=True)
    assert second.answer("uuid.uuid4", uuid.uuid4()).int % modulus != name.int % modulus
    later = [second.answer("time.time_ns", moment) for _ in range(3)]
    assert later[0] % modulus != moment % modulus
    assert later == sorted(set(later))
    assert second.answer("random.random", 0.5) == 0.5
    assert ClockAnswers(first).answer("uuid.uuid4", uuid.uuid4()) == name
    assert not can_be_varied("random.random")
