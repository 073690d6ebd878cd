"""What a draft of every path reports."""

from __future__ import annotations

import torch

from tests.draft.paths.every_path import UP, drafted
from tests.draft.paths.models import ElseIf, InSubmodules
from torchdraft import Report


class Structures(torch.nn.Module):
    def forward(self, x):
        y = x * 2 if x.min() > 0 else x
        if x.sum() > 0:
            return y
        return y, x


def test_branches_are_data_and_issues() -> None:
    report = drafted(Structures(), (UP,))._report
    first, second = report.paths
    assert (first.condition, first.on_example, first.kept, first.reason) == ("x.min() > 0", True, True, "")
    assert min(first.operations) >= 1
    assert first.location.source.strip().startswith("y = x * 2 if")
    assert (second.condition, second.kept, second.operations) == ("x.sum() > 0", False, (0, 0))
    assert [issue.code for issue in report.issues] == ["TD101", "TD603"]
    guard, note = report.issues
    assert guard.message.endswith(f"Its other side is not kept: {second.reason}.")
    assert note.message.startswith("Both sides of a branch are in the program: `x.min() > 0` was True, with ")
    assert note.data["operations"] == list(first.operations)
    assert not report.successful()


def test_the_report_of_kept_branches_is_successful_and_survives_json() -> None:
    report = drafted(ElseIf(), (UP,))._report
    assert report.successful()
    assert [branch.condition for branch in report.paths] == ["total > 10", "total > 0", "total > -20"]
    assert Report.from_json(report.to_json()).paths == report.paths
    assert "Branches" in str(report)


def test_the_submodule_of_a_branch() -> None:
    report = drafted(InSubmodules(), (UP,))._report
    assert {branch.module for branch in report.paths} == {"layers.0", "layers.1"}


class NoneKept(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return x, x


def test_a_draft_along_the_example_has_no_branches() -> None:
    assert drafted(NoneKept(), (UP,), paths="example")._report.paths == ()


def test_a_reason_is_given_where_no_branch_is_kept() -> None:
    (branch,) = drafted(NoneKept(), (UP,))._report.paths
    assert not branch.kept
    assert branch.reason
