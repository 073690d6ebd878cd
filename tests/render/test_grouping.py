"""Issues of one cause are shown as one with its count; the report and its JSON keep each."""

from __future__ import annotations

from dataclasses import replace

import torch

import torchdraft
from torchdraft._render.grouping import MOST_CONDITIONS, grouped
from torchdraft.model import Issue, Location, Report, Severity

HERE = Location("m.py", 4, "forward", "        if x.shape[0] > 4:", 11, 25)


def issue(expr: str, at: Location | None = HERE, **more) -> Issue:
    fields = {"code": "TD202", "name": "silent-specialization", "severity": Severity.SPECIALIZED, "message": expr}
    return Issue(**fields | {"location": at, "expr": expr, "value": "True"} | more)


def test_issues_that_differ_in_a_number_are_one():
    issues = [issue(f"xs[{n}].shape[0] > 4", modules=(f"layers.{n}",), occurrences=2) for n in range(50)]
    (shown,) = grouped(issues)
    assert shown.occurrences == 100
    assert shown.modules == tuple(f"layers.{n}" for n in range(50))
    assert [each["expr"] for each in shown.data["instances"]] == [f"xs[{n}].shape[0] > 4" for n in range(50)]


def test_a_few_conditions_of_one_place_stay_apart_and_many_are_one():
    conditions = [issue(f"x.shape[0] {'* y ' * n}> 4") for n in range(MOST_CONDITIONS + 1)]
    assert grouped(conditions[:-1]) == conditions[:-1]
    (shown,) = grouped(conditions)
    assert shown.occurrences == len(conditions)


def test_other_rules_severities_lines_and_columns_stay_apart():
    first = issue("x > 4")
    others = [
        replace(first, code="TD201"),
        replace(first, severity=Severity.NOTE),
        replace(first, location=replace(HERE, line=5)),
        replace(first, location=replace(HERE, column=13)),
        replace(first, location=None),
    ]
    assert grouped([first, *others]) == [first, *others]


def test_conditions_that_an_issue_lists_are_listed_in_the_group():
    listed = [{"expr": "a > 1", "value": "True"}, {"expr": "a > 2", "value": "False"}]
    (shown,) = grouped([issue("a > 1", data={"instances": listed}), issue("a > 3")])
    assert shown.data["instances"] == [*listed, {"expr": "a > 3", "value": "True"}]


def test_text_and_html_show_the_group_and_json_has_each_issue():
    report = Report(issues=tuple(issue(f"xs[{n}].shape[0] > 4") for n in range(20)), model="Model")
    text = str(report)
    assert text.startswith("Model: 20 issues of 1 cause (20 specialized)")
    assert text.count("TD202 silent-specialization") == 1
    assert "×20" in text
    assert "xs[7].shape[0] > 4 and 12 more" in " ".join(text.split())
    assert report.to_html().count("TD202 silent-specialization") == 1
    assert Report.from_json(report.to_json()).issues == report.issues


class Layer(torch.nn.Module):
    def __init__(self, size: int):
        super().__init__()
        self.size = size

    def forward(self, x):
        return x[:, : self.size]


class Shrinking(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(Layer(20 - 2 * n) for n in range(8))

    def forward(self, xs):
        return [layer(x) if x.shape[1] > 3 else x for layer, x in zip(self.layers, xs, strict=True)]


def test_a_loop_over_inputs_is_one_finding():
    shapes = {"xs": [{1: torch.export.Dim.AUTO}] * 8}
    report = torchdraft.draft_export(Shrinking(), ([torch.rand(2, 30)] * 8,), dynamic_shapes=shapes)._report
    text = str(report)
    assert len(report.issues) > 8
    assert text.count("TD202 silent-specialization") < len(report.issues) / 2
