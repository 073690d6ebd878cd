"""What a real run shows about a call."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from torchdraft._draft.custom_ops.call_facts import facts_of_run, undeclared
from torchdraft._tape.evaluation.evaluate import OpRun

LIB = torch.library.Library("td_facts", "DEF")
LIB.define("op(Tensor x, Tensor[] ys, *, Tensor? z=None) -> Tensor[]")
OP = torch.ops.td_facts.op.default
X = torch.arange(12.0).reshape(3, 4)


def run(out: Any, *args: Any, **fields: Any) -> OpRun:
    return OpRun(args, fields.pop("kwargs", {}), out, {}, **fields)


def test_where_results_lie():
    y = X * 2
    facts = facts_of_run("missing", run([X[1:], y[:2], y[1:], y.sum(0), None, 3], X))
    view, first, second, own, none, number = facts.memory
    assert (view.base, view.offset, view.strides, view.base_strides) == (0, 4, (4, 1), (4, 1))
    assert (first.base, first.group, first.offset) == (None, 1, 0)
    assert (second.base, second.group, second.offset, second.storage) == (None, 1, 4, 12)
    assert (own.base, own.group) == (None, None)
    assert none is number is None
    assert not facts.arguments_share


def test_bits_and_shared_arguments():
    facts = facts_of_run("agreed", run(torch.complex(X, X).conj(), X, [X[0]]))
    (memory,) = facts.memory
    assert memory.conjugated
    assert not memory.negated
    assert facts.arguments_share


def test_undeclared_writes_are_named_by_their_arguments():
    ran = run([], X, [X, X], kwargs={"z": X}, written=(0, 2, 3))
    names = [text.split("`")[1] for text in undeclared(OP, ran)]
    assert names == ["x", "ys", "z"]


def test_a_tuple_for_a_list_is_found():
    assert list(undeclared(OP, run([], X, returned=list))) == []
    (text,) = undeclared(OP, run([], X, returned=tuple))
    assert "returns a tuple" in text
    pair = SimpleNamespace(_schema=torch.ops.aten.max.dim._schema)
    assert list(undeclared(pair, run((X, X), X, returned=tuple))) == []
