"""Conditions compiled to Python say what sympy says."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from torchdraft._draft.shapes.guard_functions import CompiledGuards, python_source
from torchdraft._torch.probe import need

FloorDiv, PythonMod, Mod, Max, Min, FloorToInt, IntTrueDiv = (
    need(f"torch.utils._sympy.functions:{name}")
    for name in ("FloorDiv", "PythonMod", "Mod", "Max", "Min", "FloorToInt", "IntTrueDiv")
)
X, Y = sympy.symbols("s0 s1", positive=True, integer=True)


def sums(parts):
    pairs = st.tuples(parts, parts)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: p[0] - 2 * p[1]),
        pairs.map(lambda p: Max(*p)),
        pairs.map(lambda p: Min(*p)),
        st.tuples(parts, st.integers(1, 6)).map(lambda p: FloorDiv(p[0], p[1])),
        st.tuples(parts, st.integers(1, 6)).map(lambda p: PythonMod(p[0], p[1])),
        parts.map(lambda p: p**2),
    )


NUMBERS = st.recursive(st.sampled_from([X, Y]) | st.integers(-4, 9).map(sympy.Integer), sums, max_leaves=6)
RELATIONS = st.tuples(st.sampled_from([sympy.Eq, sympy.Ne, sympy.Lt, sympy.Ge]), NUMBERS, NUMBERS).map(
    lambda p: p[0](p[1], p[2])
)
CONDITIONS = st.recursive(
    RELATIONS,
    lambda c: st.one_of(
        st.tuples(c, c).map(lambda p: sympy.And(*p)), st.tuples(c, c).map(lambda p: sympy.Or(*p)), c.map(sympy.Not)
    ),
    max_leaves=3,
)


def refuse(*_):
    raise AssertionError("sympy was asked")


@given(CONDITIONS, st.integers(0, 9), st.integers(2, 9))
def test_the_same_as_sympy(condition, size, other):
    conditions = CompiledGuards({X: other, Y: other}, refuse)
    want = condition.xreplace({X: sympy.Integer(size)}).xreplace({Y: sympy.Integer(other)})
    assert conditions.outcome(condition, X, size) == want


def test_a_division_by_zero_says_nothing():
    assert CompiledGuards({X: 4, Y: 3}, refuse).outcome(sympy.Eq(PythonMod(Y, X), 1), X, 0) is None


@pytest.mark.parametrize("condition", [sympy.Gt(FloorToInt(IntTrueDiv(X, 2)), 3), sympy.Gt(X / 3, 1), Y > 3])
def test_what_is_more_than_whole_numbers_is_asked_of_sympy(condition):
    asked = []
    conditions = CompiledGuards({X: 8}, lambda *given: asked.append(given) or True)
    assert conditions.outcome(condition, X, 5)
    assert asked == [(condition, X, 5)]


def test_negative_powers_are_no_whole_numbers():
    assert python_source(1 / X) is None
    assert python_source(X**2) == "(s0 ** (2))"
