"""Dynamic shapes, in every form in which they can be asked for: what came of them, and the shapes that hold."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch.export import AdditionalInputs, Dim, ShapesCollection

import torchdraft
from torchdraft._draft import pipeline


class Plain(torch.nn.Module):
    def forward(self, x, y):
        return x * 2, y + 1


class Narrows(torch.nn.Module):
    def forward(self, x, y):
        if x.shape[0] > 3:  # here
            x = x * 2
        return x, y + 1


class Fixes(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.offsets = torch.nn.Parameter(torch.zeros(6, 1))

    def forward(self, x, y):
        return x + self.offsets, y + 1  # here


class FixesThree(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.offsets = torch.nn.Parameter(torch.zeros(6, 1))

    def forward(self, x, y):
        y = y + x[:, :1]
        return x, y + self.offsets  # here


class Literal(torch.nn.Module):
    def forward(self, x, y):
        return x.view(6, -1), y + 1  # here


class Ties(torch.nn.Module):
    def forward(self, x, y):
        return x + y[: y.shape[0] // 2] if y.shape[0] == 2 * x.shape[0] else x  # here


class Equal(torch.nn.Module):
    def forward(self, x, y):
        return x + y[:, :1]  # here


class Divides(torch.nn.Module):
    def forward(self, x, y):
        return x.unflatten(0, (-1, 2)), y + 1  # here


X, Y = torch.rand(6, 1), torch.rand(12, 3)
ROWS, MORE = Dim("rows"), Dim("more")


@dataclass(frozen=True)
class Case:
    model: type[torch.nn.Module]
    shapes: Any
    codes: tuple[str, ...] = ()
    got: tuple[str, ...] = ("dynamic",)
    x: torch.Tensor = X
    y: torch.Tensor = Y
    at_line: bool = True
    """Whether the issues stand at the line marked `here`, not at the `def`."""

    @property
    def args(self):
        return self.x.clone(), self.y.clone()


def narrow(low=None, high=None):
    return Dim("rows", min=low, max=high)


CASES = {
    "named": Case(Plain, {"x": {0: ROWS}, "y": None}),
    "auto": Case(Plain, {"x": {0: Dim.AUTO}, "y": None}),
    "dynamic": Case(Plain, {"x": {0: Dim.DYNAMIC}, "y": None}),
    "static beside": Case(Plain, {"x": {0: Dim.AUTO, 1: Dim.STATIC}, "y": {0: Dim.STATIC}}),
    "range": Case(Plain, {"x": {0: narrow(2, 9)}, "y": None}),
    "hint with range": Case(Plain, {"x": {0: Dim.AUTO(min=2, max=9)}, "y": None}),
    "derived": Case(Plain, {"x": {0: ROWS}, "y": {0: 2 * ROWS}}, got=("dynamic",) * 2),
    "derived, then tied so": Case(Ties, {"x": {0: ROWS}, "y": {0: 2 * ROWS}}, got=("dynamic",) * 2),
    "one name": Case(Equal, {"x": {0: ROWS}, "y": {0: ROWS}}, got=("dynamic",) * 2, y=Y[:6]),
    "tuple": Case(Plain, ({0: ROWS}, None)),
    "tuple of a tensor": Case(Plain, {"x": (ROWS, None), "y": None}),
    "list of a tensor": Case(Plain, {"x": [ROWS, None], "y": None}),
    "named, narrowed": Case(Narrows, {"x": {0: ROWS}, "y": None}, ("TD201",), (">= 4",)),
    "dynamic, narrowed": Case(Narrows, {"x": {0: Dim.DYNAMIC}, "y": None}, ("TD201",), (">= 4",)),
    "auto, narrowed": Case(Narrows, {"x": {0: Dim.AUTO}, "y": None}, ("TD202",), (">= 4",)),
    "range that holds": Case(Narrows, {"x": {0: narrow(4)}, "y": None}),
    "range that holds in part": Case(Narrows, {"x": {0: narrow(2, 9)}, "y": None}, ("TD201",), (">= 4",)),
    "named, fixed": Case(Fixes, {"x": {0: ROWS}, "y": None}, ("TD201",), ("6",)),
    "one name, fixed": Case(
        FixesThree, {"x": {0: ROWS}, "y": {0: ROWS}}, ("TD201",), ("6", "6"), x=X[:, :1], y=Y[:6, :1]
    ),
    "auto, fixed": Case(Fixes, {"x": {0: Dim.AUTO}, "y": None}, ("TD202",), ("6",)),
    "literal": Case(Literal, {"x": {0: ROWS}, "y": None}, ("TD204",), ("6",)),
    "two named, tied": Case(Equal, {"x": {0: ROWS}, "y": {0: MORE}}, ("TD201",), ("y.shape[0]", "dynamic"), y=Y[:6]),
    "two autos, tied": Case(
        Equal, {"x": {0: Dim.AUTO}, "y": {0: Dim.AUTO}}, ("TD202",), ("y.shape[0]", "dynamic"), y=Y[:6]
    ),
    "divisible": Case(Divides, {"x": {0: ROWS}, "y": None}, ("TD201",), ("x.shape[0] % 2 == 0",)),
    "one row": Case(Plain, {"x": {0: ROWS}, "y": None}, ("TD203",), ("1",), x=X[:1], at_line=False),
    "no row": Case(Plain, {"x": {0: Dim.AUTO}, "y": None}, ("TD203",), ("0",), x=X[:0], at_line=False),
    "below its range": Case(Plain, {"x": {0: narrow(8)}, "y": None}, ("TD201",), ("any size",), at_line=False),
    "above its range": Case(Plain, {"x": {0: narrow(2, 4)}, "y": None}, ("TD201",), ("any size",), at_line=False),
    "one name, two sizes": Case(
        Plain, {"x": {0: ROWS}, "y": {0: ROWS}}, ("TD201",), ("dynamic", "any size"), at_line=False
    ),
    "derived, other size": Case(
        Plain, {"x": {0: ROWS}, "y": {0: 3 * ROWS}}, ("TD201",), ("dynamic", "any size"), at_line=False
    ),
}


@pytest.fixture(scope="module", params=CASES.values(), ids=CASES.keys())
def drafted(request: pytest.FixtureRequest) -> tuple[Case, torch.export.ExportedProgram]:
    case = request.param
    return case, torchdraft.draft_export(case.model(), case.args, dynamic_shapes=case.shapes)


def here(model: type) -> int:
    import inspect

    lines, first = inspect.getsourcelines(model)
    return first + next(n for n, line in enumerate(lines) if "# here" in line)


def test_the_table_and_the_issues(drafted):
    case, program = drafted
    report = program._report
    assert tuple(d.got for d in report.dimensions) == case.got
    assert tuple(i.code for i in report.issues) == case.codes
    assert report.rung == "symbolic"
    if case.codes and case.at_line:
        assert {i.location.line for i in report.issues} == {here(case.model)}
    assert all(i.location.function.endswith(".forward") for i in report.issues)
    assert all(bool(d.reason) == (d.got != "dynamic") for d in report.dimensions)


def test_the_program_equals_eager(drafted):
    case, program = drafted
    torch.testing.assert_close(program.module()(*case.args), case.model()(*case.args))


def test_the_shapes_that_hold_are_taken_by_plain_export(drafted):
    case, program = drafted
    report = program._report
    if report.successful():
        assert report.new_dynamic_shapes is None
        return
    export: Callable[..., Any] = torch.export.export
    export(case.model(), case.args, dynamic_shapes=report.new_dynamic_shapes)
    scope: dict[str, Any] = {"Dim": Dim}
    exec(report.issues[0].data["fix"], scope)
    export(case.model(), case.args, dynamic_shapes=scope["dynamic_shapes"])
    again = torchdraft.draft_export(case.model(), case.args, dynamic_shapes=scope["dynamic_shapes"])._report
    assert again.successful(), again


@pytest.mark.parametrize("model", [Narrows, Fixes, Literal, Divides])
def test_a_constraint_that_the_model_breaks_needs_no_second_trace(model, monkeypatch):
    made = []
    attempt = pipeline.trace_nonstrict
    monkeypatch.setattr(pipeline, "trace_nonstrict", lambda *args, **kwargs: made.append(1) or attempt(*args, **kwargs))
    report = torchdraft.draft_export(model(), (X, Y), dynamic_shapes={"x": {0: ROWS}, "y": None})._report
    assert not report.successful()
    assert len(made) == 1


class Patches(torch.nn.Module):
    def forward(self, x):
        rows, columns = x.shape
        return x.reshape(rows // 4, 4, columns // 4, 4)  # here


def test_a_guard_that_restricts_each_of_two_dimensions_is_told_for_both():
    shapes = {"x": {0: Dim.AUTO, 1: Dim.AUTO}}
    report = torchdraft.draft_export(Patches(), (torch.rand(8, 12),), dynamic_shapes=shapes)._report
    assert [i.code for i in report.issues] == ["TD202", "TD202"]
    assert [i.location.line for i in report.issues] == [here(Patches)] * 2
    assert ["`x.shape[0]`" in i.message for i in report.issues] == [True, False]


def test_shapes_given_as_a_collection():
    args = (X.clone(), Y.clone())
    shapes = ShapesCollection()
    shapes[args[0]] = {0: Dim.AUTO}
    report = torchdraft.draft_export(Narrows(), args, dynamic_shapes=shapes)._report
    assert [i.code for i in report.issues] == ["TD202"]
    assert [(d.name, d.got) for d in report.dimensions] == [("x.shape[0]", ">= 4")]


def test_shapes_given_by_more_inputs():
    shapes = AdditionalInputs()
    shapes.add((torch.rand(9, 1), Y))
    report = torchdraft.draft_export(Narrows(), (X, Y), dynamic_shapes=shapes)._report
    assert [(d.name, d.got) for d in report.dimensions] == [("x.shape[0]", ">= 4")]


class Nested(torch.nn.Module):
    def forward(self, batch, *more, scale=1, mask=None):
        if batch["ids"][0].shape[0] > 3:
            return batch["ids"][0] * scale, more[0] + 1, mask * 2
        return batch["ids"][0], more[0], mask


def test_dimensions_in_nested_inputs_are_named_as_the_caller_writes_them():
    args, kwargs = ({"ids": [torch.rand(6)]}, torch.rand(5)), {"scale": 3, "mask": torch.rand(7)}
    shapes = {"batch": {"ids": [{0: Dim("n")}]}, "more": ({0: Dim.AUTO},), "scale": None, "mask": {0: Dim.AUTO}}
    report = torchdraft.draft_export(Nested(), args, kwargs, dynamic_shapes=shapes)._report
    names = ["batch['ids'][0].shape[0]", "more[0].shape[0]", "mask.shape[0]"]
    assert [d.name for d in report.dimensions] == names
    (issue,) = (i for i in report.issues if i.code == "TD201")
    assert issue.expr == "batch['ids'][0].shape[0] > 3"


def test_the_text_ends_with_the_table_and_the_shapes_that_hold():
    text = str(torchdraft.draft_export(Narrows(), (X, Y), dynamic_shapes={"x": {0: ROWS}, "y": None})._report)
    assert "rows = Dim('rows', min=4)" in text
    assert "dynamic_shapes = {'x': {0: rows}, 'y': None}" in text
    table = text[text.index("Dynamic dimensions") :]
    assert "x.shape[0]" in table
    assert "x.shape[0] > 3 at test_dimensions.py:" in table


@pytest.mark.parametrize(("size", "code"), [(6, "TD201"), (1, "TD203")])
def test_a_declared_dimension_that_is_fixed_costs_no_second_trace(size, code, monkeypatch):
    traces = []
    attempt = pipeline.trace_nonstrict
    monkeypatch.setattr(pipeline, "trace_nonstrict", lambda *a: traces.append(a[3].auto_dims) or attempt(*a))
    shapes = {"x": {0: Dim.DYNAMIC, 1: Dim.DYNAMIC(min=2, max=9)}, "y": None}
    program = torchdraft.draft_export(Fixes(), (torch.rand(6, 4)[:size], Y), dynamic_shapes=shapes)
    assert traces == [0]
    assert [i.code for i in program._report.issues] == [code]
    assert {d.name: d.got for d in program._report.dimensions} == {"x.shape[0]": str(size), "x.shape[1]": "dynamic"}
    assert [(r.lower, r.upper) for r in program.range_constraints.values()] == [(2, 9)]


class Remainder(torch.nn.Module):
    def forward(self, x, y):
        return (x * 2 if (x.shape[0] - 1) % 4 < 4 else x), y


def test_a_condition_that_upstream_has_no_answer_to_at_size_0_stays_symbolic():
    program = torchdraft.draft_export(Remainder(), (X, Y), dynamic_shapes={"x": {0: Dim.DYNAMIC}, "y": None})
    assert program._report.rung == "symbolic"
    assert [d.got for d in program._report.dimensions] == ["dynamic"]


class TwoLines(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 10:  # told
            x = x + 1
        y = x * 2
        if y.shape[0] > 10:  # told
            x = x * 2
        if y.shape[0] > 4:  # told
            x = x - 1
        return x


class BoundsOfOperations(torch.nn.Module):
    def forward(self, x):
        first = x.narrow(0, 0, 10)  # told
        return first, torch.zeros(30, 3).narrow(0, 0, x.shape[0])  # told


class BoundsOfBoth(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 10:  # told
            x = x + 1
        return x, torch.zeros(30, 3).narrow(0, 0, x.shape[0])  # told


class SmallAndLarge(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] == 1:  # told
            return x * 3
        if x.shape[0] > 64:  # told
            return x
        return torch._higher_order_ops.scan(lambda sums, row: (sums + row, sums * row), torch.zeros(3), x)[1]


@pytest.mark.parametrize("model", [TwoLines, BoundsOfOperations, BoundsOfBoth, SmallAndLarge])
@pytest.mark.parametrize("asked", [Dim("rows"), Dim.AUTO], ids=["Dim", "AUTO"])
def test_every_line_that_bounds_a_size_is_reported_by_one_rule(model, asked):
    report = torchdraft.draft_export(model(), (torch.rand(12, 3),), dynamic_shapes={"x": {0: asked}})._report
    told = [line for line in inspect.getsource(model).splitlines() if line.endswith("# told")]
    assert sorted(issue.location.source.strip() for issue in report.issues) == sorted(line.strip() for line in told)
    assert {issue.code for issue in report.issues} == {"TD202" if asked is Dim.AUTO else "TD201"}
    (row,) = report.dimensions
    assert row.reason.count(" at ") == len(told)


class CalledTwice(torch.nn.Module):
    def fold(self, part):
        if part.shape[0] >= 8:
            return part.mean(0)
        return part.sum(0)

    def forward(self, x):
        return self.fold(x) + self.fold(x * 2)


def test_a_function_that_is_called_twice_bounds_a_size_once():
    report = torchdraft.draft_export(CalledTwice(), (torch.rand(9, 3),), dynamic_shapes={"x": {0: Dim.AUTO}})._report
    assert len(report.issues) == 1


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        (({0: Dim("m", min=9)}, None), "its size in the example is 6."),
        ((None, {1: 2 * Dim("k")}), "its size in the example is 5, which is not of the form 2 * k."),
        (({0: Dim("m")}, {1: Dim("m")}), "its size in the example is 5, where x.shape[0] makes it 6."),
        (({0: Dim.DYNAMIC(min=9)}, None), "its size in the example is 6."),
        (({0: Dim.AUTO(max=4)}, None), "its size in the example is 6."),
    ],
    ids=["range", "multiple", "name", "range of DYNAMIC", "range of AUTO"],
)
def test_an_example_that_contradicts_its_declaration_is_said_as_such(shapes, says):
    args = (torch.rand(6, 4), torch.rand(6, 5))
    program = torchdraft.draft_export(Plain(), args, dynamic_shapes=shapes)
    report = program._report
    assert report.rung == "symbolic"
    (issue,) = [issue for issue in report.issues if issue.code == "TD201"]
    assert says in issue.message
    assert "Use an example that fits the declaration" in issue.message
    program.module()(*args)
