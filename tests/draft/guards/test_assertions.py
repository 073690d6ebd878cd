"""Conditions as the graph can hold them: true and false on the same numbers."""

from __future__ import annotations

import itertools

import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st

import torchdraft
from torchdraft._draft.guards.assertions import needs_rewriting, writable
from torchdraft._torch.symbolic.shapes import ToFloat

RELATIONS = (sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt, sympy.Eq, sympy.Ne)
N = sympy.Symbol("u0", integer=True)


@given(
    relation=st.sampled_from(RELATIONS),
    limit=st.sampled_from([-1.5, -1.0, 0.0, 0.25, 1.0, 1.75, 3.0]),
    turned=st.booleans(),
    factor=st.sampled_from([1, 2, -1]),
)
def test_an_int_beside_a_float(relation: type, limit: float, turned: bool, factor: int) -> None:
    sides = (ToFloat(factor * N), sympy.Float(limit))
    written = writable(relation(*(reversed(sides) if turned else sides)), lambda _: 0)
    assert not any(part.has(sympy.Float) for part in written)
    for number in range(-4, 6):
        left, right = (limit, factor * number) if turned else (factor * number, limit)
        expected = relation(sympy.Float(left), sympy.Float(right)) == sympy.true
        assert all(part.xreplace({N: sympy.Integer(number)}) == sympy.true for part in written) is expected


def test_conditions_that_hold_already_are_left() -> None:
    x = sympy.Symbol("zuf0", real=True)
    for condition in (sympy.Ge(N, 2), sympy.Lt(N, sympy.Symbol("s0", integer=True)), sympy.Gt(x, 1.5)):
        assert not needs_rewriting(condition)
    assert needs_rewriting(sympy.Ge(N, 1.25))


class Majority(torch.nn.Module):
    """Compares a count with a float, as code does that has shares and thresholds."""

    def __init__(self, relation: str, limit: float) -> None:
        super().__init__()
        self.relation, self.limit = relation, limit

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count = (x > 0).sum().item()
        answer = {
            "<": count < self.limit,
            "<=": count <= self.limit,
            ">": count > self.limit,
            ">=": self.limit <= count,
            "==": count == self.limit,
        }[self.relation]
        return x.tanh() if answer else x.relu()


@pytest.mark.parametrize(("relation", "limit"), list(itertools.product(["<", "<=", ">", ">=", "=="], [1.25, 2.0])))
def test_a_count_beside_a_float_is_asserted(relation: str, limit: float) -> None:
    model = Majority(relation, limit)
    rows = [torch.tensor([1.0] * count + [-1.0] * (4 - count)) for count in range(5)]
    for example in (rows[0], rows[4]):
        program = torchdraft.draft_export(model, (example,))
        found = torchdraft.verify(program, model, [(row,) for row in rows], shrink=False)
        assert found.ok, str(found)
        assert len(found.ended("equal")) >= 1
        assert all(trial.issues for trial in found.ended("rejected"))
