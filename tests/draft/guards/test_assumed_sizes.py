"""Sizes that fit the conditions of a side that the example does not take."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sympy

from torchdraft._draft.guards.assumed_sizes import fitting_sizes

A, B, C = sympy.symbols("a b c", integer=True, positive=True)
SIZES = {A: sympy.Integer(4), B: sympy.Integer(4), C: sympy.Integer(4)}


@pytest.mark.parametrize(
    "conditions",
    [
        [sympy.Gt(A, 10)],
        [sympy.Lt(A, 3)],
        [sympy.Eq(sympy.Mod(A, 2), 1)],
        [sympy.Gt(A, 10), sympy.Eq(sympy.Mod(A, 7), 3)],
        [sympy.Ne(A, B)],
        [sympy.Lt(A, 10)],
    ],
)
def test_found_sizes_fit_every_condition(conditions):
    found = fitting_sizes(conditions, SIZES, {})
    assert found is not None
    assert all(condition.xreplace({**SIZES, **found}) == sympy.true for condition in conditions)
    assert found.keys() <= conditions[-1].free_symbols


@pytest.mark.parametrize(
    ("conditions", "ranges"),
    [
        ([sympy.Gt(A, 10), sympy.Lt(A, 9)], {}),
        ([sympy.Gt(A, 10)], {A: SimpleNamespace(lower=2, upper=8)}),
        ([sympy.Lt(A, 2)], {}),
        ([sympy.Eq(A + B + C, 17)], {}),
        ([sympy.Eq(1 / (A - A), 3, evaluate=False)], {}),
    ],
)
def test_none_where_none_fit(conditions, ranges):
    assert fitting_sizes(conditions, SIZES, ranges) is None


def test_the_nearest_size_is_taken():
    assert fitting_sizes([sympy.Gt(A, 10)], SIZES, {}) == {A: 11}


def test_sizes_far_away_are_tried_in_a_wide_range():
    wide = {A: SimpleNamespace(lower=2, upper=2**20)}
    assert fitting_sizes([sympy.Gt(A, 3000)], SIZES, wide) == {A: 4096}
