from dataclasses import replace
from pathlib import Path

import pytest

from tests.sample_reports import BRANCH, LIBRARY, MUTATION
from torchdraft._check.fingerprint import fingerprint, normalised
from torchdraft.model import Location

APP = Path("/app")


def moved(issue=BRANCH, **changes):
    return replace(issue, location=replace(issue.location, **changes))


@pytest.mark.parametrize(
    "same",
    [
        moved(line=99),
        moved(column=0, end_column=3),
        moved(source="if lens.max().item()  >  5 and self.ready:"),
        replace(BRANCH, expr="u17 > 5"),
        replace(BRANCH, value="False", message="another wording", occurrences=9, node="n", modules=("m",), locals={}),
        replace(BRANCH, user_stack=()),
    ],
)
def test_it_survives_what_is_no_change_of_the_assumption(same):
    assert fingerprint(same, APP) == fingerprint(BRANCH, APP)


@pytest.mark.parametrize(
    "other",
    [
        replace(BRANCH, code="TD102"),
        moved(file="/app/other.py"),
        moved(function="Decoder.forward"),
        moved(source="if lens.min().item() > 5 and self.ready:"),
        replace(BRANCH, expr="u0 > 6"),
        replace(BRANCH, expr="u0 > u1"),
    ],
)
def test_another_assumption_has_another(other):
    assert fingerprint(other, APP) != fingerprint(BRANCH, APP)
    assert str(fingerprint(other, APP)) != str(fingerprint(BRANCH, APP))


def test_two_symbols_stay_apart():
    exprs = ("u3 > s7", "u0 > s1", "u0 > u0", "bus2 > u0")
    texts = [fingerprint(replace(BRANCH, expr=expr), APP).expr for expr in exprs]
    assert texts == ["$0 > $1", "$0 > $1", "$0 > $0", "bus2 > $0"]


def test_files_are_named_from_the_project_on():
    assert fingerprint(BRANCH, APP).file == "encoder.py"
    assert fingerprint(BRANCH, APP / "ci").file == "../encoder.py"
    assert fingerprint(moved(file=LIBRARY.file), APP).file == "vq/core.py"
    assert fingerprint(moved(file="<stdin>"), APP).file == "<stdin>"


def test_an_issue_without_a_line_has_one():
    assert fingerprint(MUTATION, APP).expr == "x"
    assert replace(MUTATION, expr="y") != MUTATION
    assert fingerprint(replace(MUTATION, expr="y"), APP) != fingerprint(MUTATION, APP)


def test_the_text_is_the_same_in_every_process():
    place = Location("/app/m.py", 1, "f", "x")
    assert str(fingerprint(replace(BRANCH, location=place, expr="u0"), APP)) == "6ae11141b15b4428"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("    y = x * 2  # why", "y = x * 2"),
        ('if x["#"] > 0:  # torchdraft: ignore[TD101] never', 'if x["#"] > 0:'),
        ("return f(x,  # the first", "return f(x,"),
        ("'#' # ' #", "'#'"),
        ("# nothing else", ""),
        ('x = """text # in a text', 'x = """text # in a text'),
        ("), y  # the rest", "), y"),
    ],
)
def test_a_line_without_its_comment(source, expected):
    assert normalised(source) == expected
    assert normalised(expected) == expected
