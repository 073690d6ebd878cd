"""Attributes that `forward` assigns: notes where the next call is the same, baked otherwise."""

from __future__ import annotations

from collections import OrderedDict, deque

import pytest
import torch

import torchdraft


class SetsUp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ready = False
        self.length = None
        self.calls = 0

    def forward(self, x):
        if not self.ready:
            self.ready = True
        self.length = x.shape[0]
        self.calls += 1
        return x / self.length


def test_an_attribute_that_every_call_sets_is_a_note():
    issues = torchdraft.draft_export(SetsUp(), (torch.ones(3),))._report.issues
    severities = {issue.expr: str(issue.severity) for issue in issues}
    assert severities == {"ready": "note", "length": "note", "calls": "baked"}


def test_a_dynamic_size_that_every_call_sets_is_a_note():
    rows = {"x": {0: torch.export.Dim.AUTO}}
    program = torchdraft.draft_export(SetsUp(), (torch.ones(3),), dynamic_shapes=rows)
    severities = {issue.expr: str(issue.severity) for issue in program._report.issues}
    assert severities == {"ready": "note", "length": "note", "calls": "baked"}
    assert torch.equal(program.module()(torch.ones(5)), torch.ones(5) / 5)


class NormsWeight(torch.nn.Module):
    """Works its weight out from others, and from what it was before or not."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.direction, self.size = torch.nn.Parameter(torch.rand(3, 3) + 1), torch.nn.Parameter(torch.ones(3, 1))
        self.weight = torch.ones(3, 3)

    def forward(self, x):
        weight = self.size * self.direction / self.direction.norm(dim=1, keepdim=True)
        if self.kind == "decays":
            weight = self.weight * 0.5
        if self.kind == "grows":
            weight = torch.ones(self.weight.shape[0] + 1, 3)
        if self.kind == "of the input":
            weight = weight + x.sum()
        self.weight = weight
        return torch.nn.functional.linear(x, self.weight)


@pytest.mark.parametrize(
    ("kind", "severity"), [("anew", "note"), ("decays", "baked"), ("grows", "baked"), ("of the input", "baked")]
)
def test_a_weight_that_every_call_recomputes_is_a_note(kind, severity):
    (issue,) = torchdraft.draft_export(NormsWeight(kind), (torch.ones(2, 3),))._report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", severity, "weight")


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("norm", [torch.nn.utils.weight_norm, torch.nn.utils.spectral_norm])
def test_the_hooks_of_torchs_own_norms_leave_a_note(norm):
    report = torchdraft.draft_export(norm(torch.nn.Linear(3, 4)).eval(), (torch.ones(2, 3),))._report
    assert {(issue.code, str(issue.severity)) for issue in report.issues} == {("TD402", "note")}


class Longest(torch.nn.Module):
    """Remembers how long its inputs were so far."""

    def __init__(self):
        super().__init__()
        self.longest = 0

    def forward(self, x):
        self.longest = max(self.longest, x.shape[0])
        return x / self.longest


def test_a_dynamic_size_that_the_next_call_reads_is_baked():
    rows = {"x": {0: torch.export.Dim.AUTO}}
    report = torchdraft.draft_export(Longest(), (torch.ones(3),), dynamic_shapes=rows)._report
    assert [str(issue.severity) for issue in report.issues if issue.expr == "longest"] == ["baked"]


class StartsCold(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = False
        self.register_buffer("scale", torch.ones(()))

    def forward(self, x):
        if not self.seen:
            self.scale.copy_(x.abs().max())
            self.seen = True
        return x / self.scale


def test_a_flag_that_changes_the_next_call_is_baked():
    (issue,) = torchdraft.draft_export(StartsCold(), (torch.tensor([1.0, 2.0]),))._report.issues
    assert (issue.code, issue.expr, str(issue.severity)) == ("TD402", "seen", "baked")


class Biased(torch.nn.Module):
    """Keeps a table in a buffer that has none yet."""

    def __init__(self, of_input):
        super().__init__()
        self.of_input = of_input
        self.register_buffer("slopes", torch.tensor([0.5, 0.25]))
        self.register_buffer("bias", None, persistent=False)

    def forward(self, x):
        if self.bias is None:
            rows = x.sum(1) if self.of_input else torch.arange(x.shape[0])
            self.bias = -(rows[None] - rows[:, None]).abs() * self.slopes[:, None, None]
        return x + self.bias


@pytest.mark.parametrize(("of_input", "severity"), [(False, "note"), (True, "baked")])
def test_a_buffer_filled_once_is_a_note_where_no_input_is_in_it(of_input, severity):
    (issue,) = torchdraft.draft_export(Biased(of_input), (torch.ones(3, 3),))._report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", severity, "bias")


class MakesTable(torch.nn.Module):
    def forward(self, x):
        if not hasattr(self, "table"):
            self.register_buffer("table", torch.arange(3.0), persistent=False)
        return x + self.table


class RenewsTable(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.arange(3.0))

    def forward(self, x):
        self.register_buffer("table", torch.arange(3.0) * 2, persistent=False)
        return x + self.table


@pytest.mark.parametrize("model", [MakesTable, RenewsTable])
def test_a_buffer_that_is_not_persistent_is_reported_once_as_itself(model):
    made = model()
    (issue,) = torchdraft.draft_export(made, (torch.ones(3),))._report.issues
    assert (issue.code, issue.expr, str(issue.severity)) == ("TD402", "table", "note")
    assert made._non_persistent_buffers_set == set()


class SetOnce(torch.nn.Module):
    """The first call makes a container; the following calls read it."""

    def __init__(self, make, use):
        super().__init__()
        self.make, self.use = make, use
        self.table = None

    def forward(self, x):
        if self.table is None:
            self.table = self.make(x)
        return self.use(x, self.table)


@pytest.mark.parametrize(
    ("make", "use"),
    [
        (lambda x: (2, 3), lambda x, t: x * t[0]),
        (lambda x: [2, 3], lambda x, t: x * t[0]),
        (lambda x: {"scale": 2}, lambda x, t: x * t["scale"]),
        (lambda x: {"a": [1, (2, "x")], "b": None}, lambda x, t: x * t["a"][1][0]),
        (lambda x: OrderedDict(a=deque([2])), lambda x, t: x * t["a"][0]),
        (lambda x: {2, 3}, lambda x, t: x * len(t)),
        (lambda x: slice(0, 2), lambda x, t: x[t]),
        (lambda x: x.shape, lambda x, t: x.reshape(t)),
    ],
)
def test_a_container_of_plain_values_that_the_first_call_makes_is_a_note(make, use):
    (issue,) = torchdraft.draft_export(SetOnce(make, use), (torch.ones(3, 3),))._report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", "note", "table")


@pytest.mark.parametrize(
    ("make", "use"),
    [
        (lambda x: (x.sum().item(),), lambda x, t: x * t[0]),  # the first input decides
        (lambda x: [x], lambda x, t: x * t[0]),
    ],
)
def test_a_container_that_holds_what_the_first_input_decided_is_baked(make, use):
    report = torchdraft.draft_export(SetOnce(make, use), (torch.ones(3, 3),))._report
    assert "baked" in {str(issue.severity) for issue in report.issues if issue.expr == "table"}


def test_the_first_size_is_baked_where_others_are_allowed():
    rows = {"x": {0: torch.export.Dim.AUTO}}
    model = SetOnce(lambda x: tuple(x.shape), lambda x, t: x * t[0])
    report = torchdraft.draft_export(model, (torch.ones(3, 3),), dynamic_shapes=rows)._report
    assert "baked" in {str(issue.severity) for issue in report.issues if issue.expr == "table"}


class Rebuilds(torch.nn.Module):
    """Every call makes a container anew."""

    def __init__(self, make, before=None):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))
        self.register_buffer("table", torch.ones(3))
        self.plain = torch.ones(3)
        self.make = make
        self.held = before

    def forward(self, x):
        self.held = self.make(self, x)
        return x * 2


@pytest.mark.parametrize(
    "make",
    [
        lambda m, x: [m.weight, m.table],
        lambda m, x: {"a": (m.plain, x.shape[0])},
        lambda m, x: [torch.arange(3) * 2],
        lambda m, x: (m.weight, *(m.held or ())[1:]),
    ],
)
def test_a_container_that_every_call_makes_of_the_same_is_a_note(make):
    (issue,) = torchdraft.draft_export(Rebuilds(make), (torch.ones(3),))._report.issues
    assert (issue.code, str(issue.severity), issue.expr) == ("TD402", "note", "held")


@pytest.mark.parametrize(
    ("make", "before"),
    [
        (lambda m, x: [*m.held, 1], []),
        (lambda m, x: {"n": m.held["n"] + 1}, {"n": 0}),
        (lambda m, x: [x], None),
        (lambda m, x: [m.weight * x], None),
        (lambda m, x: (0,) if m.held is None else (x,) if m.held == (0,) else m.held, None),
        (lambda m, x: 0.0 if m.held is None else x, None),
    ],
)
def test_a_container_that_differs_from_call_to_call_is_baked(make, before):
    report = torchdraft.draft_export(Rebuilds(make, before), (torch.ones(3),))._report
    assert [(issue.code, str(issue.severity)) for issue in report.issues if issue.expr == "held"] == [
        ("TD402", "baked")
    ]


class Shares(torch.nn.Module):
    """One list in two attributes, filled in place by the first call."""

    def __init__(self):
        super().__init__()
        self.rows = []
        self.same_rows = self.rows

    def forward(self, x):
        if not self.rows:
            self.rows.append(3)
        return x * len(self.same_rows)


def test_a_list_that_is_filled_in_place_stays_one_list():
    model = Shares()
    report = torchdraft.draft_export(model, (torch.ones(3),))._report
    assert {str(issue.severity) for issue in report.issues} == {"note"}
    assert model.rows == []
    assert model.rows is model.same_rows
