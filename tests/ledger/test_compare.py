"""The reading of what a model's file expects, and the comparison: each kind of difference is seen."""

from __future__ import annotations

import pytest

import torchdraft
from benchmarks.ledger import compare as comparing
from benchmarks.ledger import expected as reading
from benchmarks.ledger.compare import Difference, compare
from benchmarks.ledger.expected import Expected, expected, names
from torchdraft import Issue, Location, Severity

SOURCE = '''"""A model."""
x = 1
if x:  # expect: TD101, TD103 note, TD101 x3
    pass
# expect without a line: TD903
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "m.py").write_text(SOURCE)
    for module in (reading, comparing):
        monkeypatch.setattr(module, "FOLDER", tmp_path)
    return tmp_path


def issue(folder, code, line, severity=Severity.GUARDED, occurrences=1, file="m.py"):
    location = Location(str(folder / file), line, "f", "") if line else None
    return Issue(code=code, name="name", severity=severity, message="told", location=location, occurrences=occurrences)


def all_of_them(folder):
    return [
        issue(folder, "TD101", 3, occurrences=3),
        issue(folder, "TD103", 3, Severity.NOTE),
        issue(folder, "TD101", 3, occurrences=2),
        issue(folder, "TD903", None, Severity.NOTE),
    ]


def test_the_list_is_read():
    assert expected("m") == [
        Expected("TD101", 3, Severity.GUARDED),
        Expected("TD103", 3, Severity.NOTE),
        Expected("TD101", 3, Severity.GUARDED, 3),
        Expected("TD903", None, Severity.NOTE),
    ]


@pytest.mark.parametrize("mark", ["TD101;TD102", "TD1", "TD101 bad", "TD999", ""])
def test_a_list_that_cannot_be_read_is_refused(folder, mark):
    (folder / "m.py").write_text(f"x = 1  # expect: {mark}\n")
    with pytest.raises(ValueError, match="no"):
        expected("m")


def test_what_is_as_expected_is_exact(folder):
    assert compare("m", all_of_them(folder)).exact


@pytest.mark.parametrize("index", range(4))
def test_what_is_missing_is_seen(folder, index):
    found = all_of_them(folder)
    del found[index]
    assert len(compare("m", found).missed) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "TD102", "line": 3},
        {"code": "TD101", "line": 2},
        {"code": "TD101", "line": None},
        {"code": "TD101", "line": 3, "file": "other.py"},
        {"code": "TD101", "line": 3},
    ],
)
def test_what_nobody_expected_is_seen(folder, wrong):
    found = compare("m", [*all_of_them(folder), issue(folder, **wrong)])
    assert len(found.extra) == 1
    assert not found.missed
    assert not found.exact


def test_another_severity_or_count_is_seen(folder):
    found = all_of_them(folder)
    found[0] = issue(folder, "TD101", 3, occurrences=4)
    found[1] = issue(folder, "TD103", 3, Severity.BAKED)
    assert len(compare("m", found).inexact) == 2


def test_a_difference_says_what_it_is():
    assert str(Difference("m", missed=[Expected("TD101", 3, Severity.GUARDED)])) == "missed: TD101 guarded at line 3"


def test_every_rule_that_a_model_can_break_is_expected_somewhere(monkeypatch):
    monkeypatch.undo()
    found = {entry.code for name in names() for entry in expected(name)}
    assert {rule.code for rule in torchdraft.rules.all_rules()} - found == {"TD900"}
