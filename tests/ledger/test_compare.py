"""The parser of `# expect` comments, and the comparison of a report with them: each kind of difference is found."""

from __future__ import annotations

import pytest

import torchdraft
from tests.ledger.compare import Difference, compare
from tests.ledger.expected import Expected, expected
from tests.ledger.registry import Section, load_all
from torchdraft import Issue, Location, Severity

SOURCE = '''"""A model."""
x = 1
if x:  # expect: TD101, TD103 note, TD101 x3
    pass
# expect without a line: TD903
'''


@pytest.fixture
def section(tmp_path):
    file = tmp_path / "m.py"
    file.write_text(SOURCE)
    return Section.starting_at(file, 1)


def issue(section, code, line, severity=Severity.GUARDED, occurrences=1, file="m.py"):
    location = Location(str(section.file.with_name(file)), line, "f", "") if line else None
    return Issue(
        code=code, name="name", severity=severity, message="message", location=location, occurrences=occurrences
    )


def all_of_them(section):
    return [
        issue(section, "TD101", 3, occurrences=3),
        issue(section, "TD103", 3, Severity.NOTE),
        issue(section, "TD101", 3, occurrences=2),
        issue(section, "TD903", None, Severity.NOTE),
    ]


def test_the_list_is_read(section):
    assert expected(section) == [
        Expected("TD101", 3, Severity.GUARDED),
        Expected("TD103", 3, Severity.NOTE),
        Expected("TD101", 3, Severity.GUARDED, 3),
        Expected("TD903", None, Severity.NOTE),
    ]


@pytest.mark.parametrize("mark", ["TD101;TD102", "TD1", "TD101 bad", "TD999", ""])
def test_a_list_that_cannot_be_read_is_refused(section, mark):
    section.file.write_text(f"x = 1  # expect: {mark}\n")
    with pytest.raises(ValueError, match="no"):
        expected(section)


def test_what_is_as_expected_is_exact(section):
    assert compare("m", section, all_of_them(section)).exact


@pytest.mark.parametrize("index", range(4))
def test_what_is_missing_is_seen(section, index):
    found = all_of_them(section)
    del found[index]
    assert len(compare("m", section, found).missed) == 1


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
def test_what_nobody_expected_is_seen(section, wrong):
    found = compare("m", section, [*all_of_them(section), issue(section, **wrong)])
    assert len(found.extra) == 1
    assert not found.missed
    assert not found.exact


def test_another_severity_or_count_is_seen(section):
    found = all_of_them(section)
    found[0] = issue(section, "TD101", 3, occurrences=4)
    found[1] = issue(section, "TD103", 3, Severity.BAKED)
    assert len(compare("m", section, found).inexact) == 2


def test_a_difference_says_what_it_is():
    assert str(Difference("m", missed=[Expected("TD101", 3, Severity.GUARDED)])) == "missed: TD101 guarded at line 3"


def test_every_rule_that_a_model_can_break_is_expected_somewhere():
    found = {entry.code for model in load_all().values() for entry in expected(model.section)}
    assert {rule.code for rule in torchdraft.rules.all_rules()} - found == {"TD900"}
