import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from tests.sample_reports import BRANCHES, FULL
from tests.strategies import reports
from torchdraft.model import Report, ReportFormatError

DATED = Path(__file__).parent / "reports"


@given(reports)
def test_nothing_is_lost(report):
    assert Report.from_json(report.to_json()) == report


def test_a_file_of_before_branches_has_none():
    body = json.loads(BRANCHES.to_json())
    assert Report.from_json(json.dumps(body)) == BRANCHES
    del body["paths"]
    assert Report.from_json(json.dumps(body)).paths == ()


def test_code_in_the_data_of_an_old_issue_is_a_field():
    body = json.loads(FULL.to_json())
    first, second = body["issues"][:2]
    for issue in (first, second):
        issue.pop("code_to_write")
        issue.pop("replacement")
    first["data"]["code"], second["data"]["paste"] = "torch.rand(())", "register(C)"
    old = Report.from_json(json.dumps(body)).issues
    assert (old[0].replacement, old[0].code_to_write, "code" in old[0].data) == (
        "torch.rand(())",
        "torch.rand(())",
        False,
    )
    assert (old[1].replacement, old[1].code_to_write, "paste" in old[1].data) == ("", "register(C)", False)


def test_says_what_it_is():
    head = json.loads(FULL.to_json())
    assert (head["format"], head["version"]) == ("torchdraft-report", 1)


@pytest.mark.parametrize("file", sorted(DATED.glob("*.json")), ids=lambda file: file.stem)
def test_old_files_keep_loading(file):
    assert Report.from_json(file.read_bytes()).issues


def test_the_oldest_file_means_what_it_meant():
    assert Report.from_json((DATED / "2026-11-v1.json").read_bytes()) == FULL


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format": "else"}, '"format": "torchdraft-report"'),
        ({"version": 99}, "version 99; this torchdraft reads up to 1"),
        ({"version": "1"}, "whole number from 1 to 1, not '1'"),
        ({"version": True}, "not True"),
        ({"surprise": 1}, r"unknown keys \['surprise'\]"),
        ({"rung": "ladder"}, "'rung': Invalid enum value 'ladder'"),
        ({"issues": [{"code": "TD101"}]}, "missing required field `name`"),
        ({"stats": {"ops_traced": "7"}}, "Expected `int`, got `str`"),
        ({"stats": {"opps": 7}}, r"stats has unknown keys \['opps'\]"),
        ({"rungs": [{"rung": "symbolic", "reason": "", "x": 1}]}, r"rungs has unknown keys \['x'\]"),
    ],
)
def test_anything_else_is_refused_by_name(change, complaint):
    text = json.dumps(json.loads(FULL.to_json()) | change)
    with pytest.raises(ReportFormatError, match=complaint):
        Report.from_json(text)


def test_deep_keys_are_checked():
    body = json.loads(FULL.to_json())
    body["issues"][0]["location"]["colour"] = "red"
    with pytest.raises(ReportFormatError, match="colour"):
        Report.from_json(json.dumps(body))


def test_text_that_is_no_json():
    with pytest.raises(ReportFormatError, match="no JSON"):
        Report.from_json("Net: 3 issues")


def test_what_json_has_no_word_for_becomes_text():
    class Profile:
        def __repr__(self):
            return "Profile()"

    report = Report(op_profiles={"a.b.default": {Profile()}}, expressions_created={3: {"of": Profile()}})
    read = Report.from_json(report.to_json())
    assert read.op_profiles == {"a.b.default": {"Profile()"}}
    assert Report.from_json(read.to_json()) == read


def test_profiles_of_operators_come_back_as_they_were():
    from tests.draft.custom_ops.profiles.test_files import MORE, PLAIN, WITH_NONE

    report = Report(op_profiles={**PLAIN, **WITH_NONE, **MORE, "old.text.default": {"OpProfile(...)"}})
    read = Report.from_json(report.to_json())
    assert read == report
    assert report == read
    assert read.op_profiles["mylib.bar.default"] == PLAIN["mylib.bar.default"]
    assert Report.from_json(read.to_json()) == report
    assert read.to_json() == report.to_json()
    assert read != Report(op_profiles=PLAIN)


def test_torch_is_needed_for_the_profiles_alone():
    """A report is read and shown where torch is not installed."""
    from tests.draft.custom_ops.profiles.test_files import MORE

    text = Report(op_profiles=MORE).to_json()
    code = "import sys; sys.modules['torch'] = None; from torchdraft.model import Report; import torchdraft._render\n"
    code += "from torchdraft._render.json.document import from_json\nread = from_json(sys.stdin.read())\n"
    code += "print(sorted(read.op_profiles), len(read.op_profiles))"
    ran = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == f"{sorted(MORE)} {len(MORE)}", ran.stderr
