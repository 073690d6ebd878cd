"""The list of functions that return another value in each call."""

from __future__ import annotations

import os
import random
import time

import numpy as np
import pytest

from torchdraft._draft.effects.calls.sources import SOURCES, TAKE_A_SEED
from torchdraft._draft.effects.clock_answers import _VARIATIONS

FUNCTIONS = {function.label: function for source in SOURCES for function in source.functions}
CLASSES = {watched.label: watched for source in SOURCES for watched in source.classes}


def test_each_source_has_a_name_and_a_reason():
    names = [source.name for source in SOURCES]
    assert names == ["gradient mode", "clock", "uuid", "secrets", "environment", "files", "Python RNG", "NumPy RNG"]
    assert all(source.why.endswith(".") for source in SOURCES)


def test_each_entry_exists_and_is_listed_once():
    places = [(entry.owner, entry.name) for s in SOURCES for entry in (*s.functions, *s.classes)]
    assert len(places) == len(set(places))
    assert all(callable(getattr(owner, name)) for owner, name in places)
    assert all(callable(getattr(getattr(c.owner, c.name), m)) for c in CLASSES.values() for m in c.methods)


@pytest.mark.parametrize("label", ["random.gauss", "numpy.random.rand", "time.time", "os.urandom", "open"])
def test_functions_of_every_kind_are_listed(label):
    assert label in FUNCTIONS


@pytest.mark.parametrize("label", ["random.seed", "random.getstate", "numpy.random.set_state", "time.sleep", "os.stat"])
def test_functions_that_return_no_such_value_are_not_listed(label):
    assert label not in FUNCTIONS


def test_other_tables_use_the_labels_of_this_one():
    methods = {f"{c.label}.{method}" for c in CLASSES.values() for method in c.methods}
    assert {*FUNCTIONS, *CLASSES} >= TAKE_A_SEED
    assert _VARIATIONS.keys() <= {*FUNCTIONS, *methods}


def test_a_call_by_a_library_is_not_the_models():
    assert not FUNCTIONS["time.time"].by_model(None)
    assert FUNCTIONS["os.environ"].owner is type(os.environ)
    assert FUNCTIONS["random.gauss"].owner is random
    assert FUNCTIONS["numpy.random.rand"].owner is np.random
    assert FUNCTIONS["time.time"].owner is time
