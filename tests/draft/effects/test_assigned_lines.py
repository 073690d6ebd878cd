"""The lines that assigned the attributes of modules."""

from __future__ import annotations

import torch

import torchdraft
from torchdraft._draft.effects.assigned_lines import AssignedLines
from torchdraft._draft.tracing.draft_threads import joined


def test_the_last_line_of_a_thread_of_the_draft_counts():
    lines, module = AssignedLines(), torch.nn.Module()

    def assign():
        lines.note(module, "count")

    assign()
    assert lines.line_of(module, "count") == ()
    with joined():
        (lambda: assign())()
    assert lines.line_of(module, "count")[-1][0].co_name != "note"
    assert lines.line_of(module, "other") == ()
    assert lines.line_of(torch.nn.Module(), "count") == ()


class AssignsTwice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def forward(self, x):
        self.count += 1
        self.count += x.shape[0]
        return x * self.count


def test_the_report_names_the_last_line():
    (issue,) = torchdraft.draft_export(AssignsTwice(), (torch.ones(2),))._report.issues
    assert (issue.code, issue.location.source.strip()) == ("TD402", "self.count += x.shape[0]")
