"""`dynamic_shapes` against the inputs: what fits in another form is brought into theirs, what does not fit raises."""

from __future__ import annotations

import re
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch.export import AdditionalInputs, Dim, ShapesCollection

import torchdraft
from torchdraft._draft.shapes.fitting import fitted_shapes
from torchdraft._draft.tracing.request import Request

D = Dim.DYNAMIC
Pair = namedtuple("Pair", "a b")


@dataclass
class Batch:
    a: torch.Tensor
    b: torch.Tensor
    scale: int = 2
    note: str | None = None


class Own:
    def __init__(self, a, b):
        self.a, self.b, self.name = a, b, "own"


class Nested(torch.nn.Module):
    def forward(self, x):
        return x["k"]["a"][0] + x["k"]["a"][1]


class Two(torch.nn.Module):
    def forward(self, x, y):
        return x * 2, y * 2


class OfPair(torch.nn.Module):
    def forward(self, p):
        return p.a.sum() + p.b * 2


class Named(torch.nn.Module):
    def forward(self, **named):
        return named["x"] * 2


class Scaled(torch.nn.Module):
    def forward(self, x, n):
        return x * n


d = Dim("d")
NESTED = ({"k": {"a": [torch.rand(4), torch.rand(4)]}},)
TWO = (torch.rand(4, 3), torch.rand(5, 3))
SHAPE = "{'x': {'k': {'a': [(4,), (4,)]}}}"

WRONG: dict[str, tuple[Any, Any, Any, type[Exception], str]] = {
    "inner key": (Nested(), NESTED, ({"k": {"A": [(d,), (d,)]}},), ValueError, "['x']['k'] has the keys ['A']"),
    "missing inner key": (Nested(), NESTED, ({"k": {}},), ValueError, "['x']['k'] has the keys []"),
    "length": (Nested(), NESTED, ({"k": {"a": [(d,)] * 3}},), ValueError, "['x']['k']['a'] has 3 entries"),
    "no list": (Nested(), NESTED, ({"k": {"a": d}},), ValueError, "['x']['k']['a'] is Dim('d', min=0)"),
    "dict for list": (Nested(), NESTED, ({"k": {"a": {0: (d,)}}},), ValueError, "2 entries in a list"),
    "list for dict": (Nested(), NESTED, ({"k": [[(d,), (d,)]]},), ValueError, "where the input is a dict"),
    "Dim for a tensor": (Nested(), NESTED, ({"k": {"a": [d, d]}},), ValueError, "['a'][0] is Dim('d', min=0)"),
    "top key": (Nested(), NESTED, {"z": None}, ValueError, "the inputs given are ['x']"),
    "missing top key": (Two(), TWO, {"x": (d, None)}, ValueError, "the inputs given are ['x', 'y']"),
    "too many inputs": (Two(), TWO, (None, None, None), ValueError, "3 entries for the 2 inputs ['x', 'y']"),
    "rank": (Two(), TWO, {"x": (d,), "y": None}, ValueError, "['x'] has 1 entries"),
    "no such dimension": (Two(), TWO, {"x": {5: d}, "y": None}, ValueError, "['x'] has the key 5"),
    "one dimension twice": (Two(), TWO, {"x": {1: d, -1: d}, "y": None}, ValueError, "two entries for one"),
    "text for a dimension": (Two(), TWO, {"x": {"0": d}, "y": None}, TypeError, "['x'] has the key '0'"),
    "text for a size": (Two(), TWO, {"x": {0: "batch"}, "y": None}, TypeError, "['x'][0] is 'batch'"),
    "text for a tensor": (Two(), TWO, {"x": "batch", "y": None}, TypeError, "['x'] is 'batch'"),
    "truth for a size": (Two(), TWO, {"x": {0: True}, "y": None}, TypeError, "['x'][0] is True"),
    "static size": (Two(), TWO, {"x": (7, None), "y": None}, ValueError, "the size in the example is 4"),
    "two definitions": (
        *(Two(), TWO, {"x": (Dim("q", min=3), None), "y": (Dim("q", max=12), None)}),
        *(ValueError, "another entry has the same name"),
    ),
    "no container": (Two(), TWO, d, TypeError, "expected: a dict with the names of the inputs as keys"),
    "named tuple's length": (OfPair(), (Pair(*TWO),), (((d, None),),), ValueError, "['p'] has 1 entries"),
    "field name": (OfPair(), (Batch(*TWO),), ({"a": None, "c": None},), ValueError, "['p'] has the keys ['a', 'c']"),
    "missing field": (OfPair(), (Batch(*TWO),), ({"a": None},), ValueError, "['p'] has the keys ['a']"),
    "rank in a field": (OfPair(), (Own(*TWO),), ({"a": (d,), "b": None},), ValueError, "['p'].a has 1 entries"),
    "Dim for an integer": (Scaled(), (TWO[0], 3), (None, d), ValueError, "the input is an integer"),
    "sizes for a number": (Scaled(), (TWO[0], 3.5), (None, {0: d}), ValueError, "a float, has no sizes"),
    "sizes for None": (Two(), (TWO[0], None), (None, {0: d}), ValueError, "a NoneType, has no sizes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_raises_and_shows_the_form(name):
    model, args, shapes, error, text = WRONG[name]
    with pytest.raises(error) as raised:
        torchdraft.draft_export(model, args, dynamic_shapes=shapes)
    assert text in str(raised.value)
    if name != "no container":
        assert "dynamic_shapes = " in str(raised.value) or "dynamic_shapes[" in str(raised.value)


def test_the_form_that_is_shown_fits():
    with pytest.raises(ValueError, match=re.escape(f"dynamic_shapes = {SHAPE}")):
        torchdraft.draft_export(Nested(), NESTED, dynamic_shapes={"x": None, "y": None})
    torchdraft.draft_export(Nested(), NESTED, dynamic_shapes=eval(SHAPE))


FITS: dict[str, tuple[Any, Any, Any, Any]] = {
    "plain": (Two(), TWO, {"x": {0: d}, "y": None}, {"x": {0: d}, "y": None}),
    "other order": (Two(), TWO, {"y": None, "x": (d, 3)}, {"x": (d, 3), "y": None}),
    "from the end": (Two(), TWO, ({-1: D}, None), ({1: D}, None)),
    "none of them": (Nested(), NESTED, (None,), ({"k": {"a": [None, None]}},)),
    "tuple for list": (Nested(), NESTED, ({"k": {"a": ((d,), [d])}},), ({"k": {"a": [(d,), [d]]}},)),
    "ordered dict": (
        *(Nested(), (OrderedDict(k={"a": [torch.rand(4), torch.rand(4)]}),), ({"k": {"a": [(d,), (d,)]}},)),
        (OrderedDict(k={"a": [(d,), (d,)]}),),
    ),
    "own named tuple": (OfPair(), (Pair(*TWO),), {"p": Pair({0: D}, {0: D})}, {"p": Pair({0: D}, {0: D})}),
    "tuple for named tuple": (OfPair(), (Pair(*TWO),), (({0: D}, {0: D}),), (Pair({0: D}, {0: D}),)),
    "names for named tuple": (OfPair(), (Pair(*TWO),), ({"b": {0: D}, "a": None},), (Pair(None, {0: D}),)),
    "variadic": (Named(), (), {"x": {0: D}}, {"named": {"x": {0: D}}}),
    "integer": (Scaled(), (TWO[0], 3), (None, D), (None, D)),
    "nothing": (Two(), TWO, {}, {}),
}


@pytest.mark.parametrize("name", FITS)
def test_what_fits_takes_the_structure_of_the_inputs(name):
    model, args, shapes, expected = FITS[name]
    kwargs = {"x": TWO[0]} if isinstance(model, Named) else {}
    found = fitted_shapes(Request(model, args, kwargs, {"dynamic_shapes": shapes}))
    assert found == expected
    assert [type(part) for part in found] == [type(part) for part in expected]


@pytest.mark.parametrize(
    "shapes",
    [
        [{0: D}, {0: D}, None],
        {"a": {0: D}, "b": {0: D}},
        {"a": {0: D}, "b": {0: D}, "scale": None, "note": None},
        Batch({0: D}, {0: D}, None),  # type: ignore[arg-type]
    ],
    ids=["by position", "by name", "every name", "in its class"],
)
def test_shapes_of_a_dataclass(shapes):
    program = torchdraft.draft_export(OfPair(), (Batch(*TWO),), dynamic_shapes=(shapes,))
    assert [d.name for d in program._report.dimensions] == ["p.a.shape[0]", "p.b.shape[0]"]
    assert all(d.got == "dynamic" for d in program._report.dimensions)
    batch = Batch(torch.rand(7, 3), torch.rand(9, 3))
    assert torch.equal(program.module()(batch), OfPair()(batch))


@pytest.mark.parametrize("shapes", [[{0: D}, {0: D}], {"a": {0: D}, "b": {0: D}, "name": None}, Own({0: D}, {0: D})])
def test_shapes_of_an_object(shapes):
    program = torchdraft.draft_export(OfPair(), (Own(*TWO),), dynamic_shapes=(shapes,))
    assert [d.name for d in program._report.dimensions] == ["p.a.shape[0]", "p.b.shape[0]"]
    own = Own(torch.rand(7, 3), torch.rand(9, 3))
    assert torch.equal(program.module()(own), OfPair()(own))


def test_collections_and_additional_inputs():
    collection = ShapesCollection()
    collection[TWO[0]] = {0: D}
    program = torchdraft.draft_export(Two(), TWO, dynamic_shapes=collection)
    assert [d.name for d in program._report.dimensions] == ["x.shape[0]"]
    collection[TWO[1]] = {4: D}
    with pytest.raises(ValueError, match="no such dimension"):
        torchdraft.draft_export(Two(), TWO, dynamic_shapes=collection)
    more = AdditionalInputs()
    more.add((torch.rand(9, 3), torch.rand(5, 3)))
    program = torchdraft.draft_export(Two(), TWO, dynamic_shapes=more)
    assert [d.name for d in program._report.dimensions] == ["x.shape[0]"]


def test_an_example_that_no_derived_dimension_expresses():
    program = torchdraft.draft_export(Two(), TWO, dynamic_shapes=({0: d}, {0: 2 * Dim("k")}))
    assert program._report.rung == "symbolic"
    (row,) = [row for row in program._report.dimensions if row.name == "y.shape[0]"]
    assert row.reason == "its size in the example is 5, which is not of the form 2 * k"


@pytest.mark.parametrize("shapes", [({0: D}, None), (({0: D}, None),), {"args": ({0: D}, None)}])
def test_shapes_of_variadic_arguments(shapes):
    class Variadic(torch.nn.Module):
        def forward(self, *args):
            return args[0] * 2, args[1]

    program = torchdraft.draft_export(Variadic(), TWO, dynamic_shapes=shapes)
    assert [d.name for d in program._report.dimensions] == ["args[0].shape[0]"]


@pytest.mark.parametrize(
    "shapes",
    [
        {"y": {0: D}, "x": {0: D}, "z": None},
        {"y": {0: D}, "named": {"x": {0: D}, "z": None}},
        ({0: D}, {"x": {0: D}, "z": None}),
    ],
    ids=["flat", "nested", "by position"],
)
def test_shapes_of_arguments_of_any_name(shapes):
    class Variadic(torch.nn.Module):
        def forward(self, y, **named):
            return named["x"] * 2 + named["z"], y

    named = {"z": torch.rand(3), "x": torch.rand(5, 3)}
    program = torchdraft.draft_export(Variadic(), (torch.rand(2),), named, dynamic_shapes=shapes)
    assert program._report.rung == "symbolic"
    assert {d.name: d.got for d in program._report.dimensions} == {
        "y.shape[0]": "dynamic",
        "named['x'].shape[0]": "dynamic",
    }
    larger = {"z": torch.rand(3), "x": torch.rand(8, 3)}
    out = program.module()(torch.rand(4), **larger)
    assert torch.equal(out[0], larger["x"] * 2 + larger["z"])
