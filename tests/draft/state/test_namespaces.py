"""Namespaces of the model's code: values are replaced for a while, also after an interrupt."""

from __future__ import annotations

import sys
import time
import types

import pytest
import torch

from torchdraft._draft.state.namespaces import namespaces_of, replace_values
from torchdraft._draft.state.reachable_code import ReachableCode
from torchdraft._torch.patching.changes import Changes

now = time.time


class Clock:
    now = staticmethod(time.time)

    def __init__(self):
        self.read = time.time


CLOCK = Clock()


class Model(torch.nn.Module):
    def forward(self, x):
        return x * now() * Clock.now() * CLOCK.read()


def places():
    return now, vars(Clock)["now"], CLOCK.read


def namespaces():
    model = Model()
    return namespaces_of(model, ReachableCode.of(model))


def test_globals_and_objects_and_modules_are_namespaces():
    labels = {space.label.rpartition(".")[2]: space for space in namespaces()}
    assert {"test_namespaces", "Model", "Clock", "CLOCK"} <= labels.keys()
    assert [name for name, space in labels.items() if space.is_module] == ["test_namespaces"]
    assert labels["Clock"].owner is Clock
    assert labels["CLOCK"].of is Clock


def other():
    return 1.0


def test_values_are_replaced_wherever_a_name_leads_to_them():
    before, found = places(), namespaces()
    with Changes(lambda changes: replace_values(changes, found, {id(time.time): other})):
        assert (now, CLOCK.read) == (other, other)
        assert vars(Clock)["now"] is before[1]  # a staticmethod that holds the function
    assert places() == before
    with Changes(lambda changes: replace_values(changes, found, {id(before[1]): other})):
        assert vars(Clock)["now"] is other
    assert places() == before


@pytest.mark.parametrize("at", range(1, 60, 3))
def test_an_interrupt_leaves_nothing_replaced(at):
    before, found = places(), namespaces()
    lines = 0

    def interrupt(frame: types.FrameType, event: str, _arg: object) -> object:
        nonlocal lines
        if "torchdraft" not in frame.f_code.co_filename or frame.f_code.co_name in ("undo", "_undo_noted"):
            return None
        lines += event == "line"
        if lines == at:
            sys.settrace(None)
            raise KeyboardInterrupt
        return interrupt

    sys.settrace(interrupt)
    try:
        with Changes(lambda changes: replace_values(changes, found, {id(time.time): other})):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(None)
    assert places() == before
