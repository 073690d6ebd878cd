"""Attributes that `forward` assigns: notes where the next call is the same, baked otherwise."""

from __future__ import annotations

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
