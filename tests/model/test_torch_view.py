import json
import linecache
import os
import subprocess
import sys

import pytest
import torch
from torch.export._draft_export import FailureType as TorchFailureType

from tests.sample_reports import BRANCH, CALLER, CLOCK, FULL, KERNEL, LINE, MUTATION, VIOLATION
from torchdraft.model import FailureType, Report


def test_names_and_numbers_are_those_of_torch():
    assert {member.name: member.value for member in TorchFailureType} == {
        member.name: member.value for member in FailureType
    }
    assert str(FailureType.DATA_DEPENDENT_ERROR) == "DATA_DEPENDENT_ERROR"
    assert FailureType.CONSTRAINT_VIOLATION_ERROR is FailureType.GUARD_ADDED


@pytest.mark.parametrize(
    ("issue", "kind"),
    [
        (BRANCH, FailureType.DATA_DEPENDENT_ERROR),
        (CLOCK, FailureType.DATA_DEPENDENT_ERROR),
        (VIOLATION, FailureType.GUARD_ADDED),
        (KERNEL, FailureType.MISSING_FAKE_KERNEL),
    ],
)
def test_kinds(issue, kind):
    (failure,) = Report(issues=(issue, MUTATION)).failures
    assert failure.failure_type is kind
    assert failure.issue is issue
    assert issue.message in failure.print(Report(issues=(issue,)).str_to_filename)


def test_a_branch_in_torchs_shape():
    report = Report(issues=(BRANCH,))
    (failure,) = report.failures
    assert failure.data["expr"] == "u0 > 5"
    assert failure.data["result"] == "True"
    assert failure.data["occurrences"] == 3
    assert failure.data["symbol_to_sources"] == BRANCH.symbols
    assert failure.data["frame_locals"]["locals"] == BRANCH.locals
    assert [report.str_to_filename[frame["filename"]] for frame in failure.data["user_stack"]] == [
        CALLER.file,
        LINE.file,
    ]
    assert failure.data["user_stack"][-1] | {"filename": 0} == {
        "filename": 0,
        "line": 12,
        "name": "Encoder.forward",
        "loc": "if lens.max().item() > 5 and self.ready:",
    }


def test_new_dynamic_shapes_are_the_structure_or_else_the_text():
    assert Report(issues=(VIOLATION,)).failures[0].data["new_dynamic_shapes"] == VIOLATION.data["fix"]
    shapes = {"x": {0: torch.export.Dim.AUTO}}
    assert Report(issues=(VIOLATION,), new_dynamic_shapes=shapes).failures[0].data["new_dynamic_shapes"] is shapes


def test_operators_are_named():
    (failure,) = Report(issues=(KERNEL,)).failures
    assert (failure.data["op"], failure.data["reason"]) == ("mylib.foo.default", "")


def test_code_written_for_torchs_report_works():
    """Reads the report as scripts read torch's: counts by type, the innermost frame outside torch, optional keys."""
    seen = []
    for failure in FULL.failures:
        data = failure.data
        stack = data.get("user_stack") or []
        outside = [f for f in stack if "/site-packages/torch/" not in FULL.str_to_filename.get(f["filename"], "")]
        frame = outside[-1]
        file = FULL.str_to_filename.get(frame["filename"], "?")
        code = frame.get("loc") or linecache.getline(file, frame["line"]).strip()
        seen.append((str(failure.failure_type), str(data.get("expr") or data.get("op")), frame["line"], code))
        assert failure.xfail is False
    assert seen == [
        ("DATA_DEPENDENT_ERROR", "random.random()", 40, "codes = self.search(x)"),
        ("DATA_DEPENDENT_ERROR", "u0 > 5", 12, "if lens.max().item() > 5 and self.ready:"),
        ("GUARD_ADDED", "s0 > 10", 30, "return self.encoder(x, lens)"),
    ]


# In a new process, because torch's version leaves a log file open.
TORCHS_KEYS = """
import json, torch

class Model(torch.nn.Module):
    def forward(self, x):
        if x.sum().item() > 0:
            return x * 2
        return x

data = torch.export.draft_export(Model(), (torch.ones(3),))._report.failures[0].data
types = {key: type(value).__name__ for key, value in data.items()}
print(json.dumps([types, sorted(data["user_stack"][0])]))
"""


def test_every_key_that_torch_gives_is_there(tmp_path):
    environment = {**os.environ, "TORCH_TRACE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", TORCHS_KEYS], env=environment, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    theirs, their_frame = json.loads(done.stdout)
    ours = Report(issues=(BRANCH,)).failures[0].data
    assert sorted(ours["user_stack"][0]) == their_frame
    # torch numbers an expression's node only if its log has the expression.
    del theirs["expr_node_id"]
    assert theirs == {key: type(ours[key]).__name__ for key in theirs}
