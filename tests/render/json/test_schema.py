import json
from pathlib import Path

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from tests.render.json.test_document import DATED
from tests.sample_checks import MANY
from tests.sample_reports import FULL
from tests.strategies import checks, reports
from torchdraft._render.json.check_document import to_json
from torchdraft._render.json.document import VERSION
from torchdraft._render.json.schema import check_schema, published, report_schema

PUBLISHED = Path(__file__).parents[3] / "docs/schema"
VALIDATOR = Draft202012Validator(report_schema())
OF_CHECKS = Draft202012Validator(check_schema())


@pytest.mark.parametrize("name", published())
def test_it_is_a_schema(name):
    Draft202012Validator.check_schema(published()[name])


@given(checks)
def test_every_check_is_what_its_schema_says(check):
    OF_CHECKS.validate(json.loads(to_json(check)))


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"status": "fine"}, {"targets": [{"target": "t"}]}, {"surprise": 1}, {"remarks": [{}]}],
    ids=str,
)
def test_what_is_no_check_is_refused(change):
    body = json.loads(to_json(MANY))
    OF_CHECKS.validate(body)
    assert list(OF_CHECKS.iter_errors(body | change))


@given(reports)
def test_every_report_is_what_the_schema_says(report):
    VALIDATOR.validate(json.loads(report.to_json()))


@pytest.mark.parametrize("file", sorted(DATED.glob("*.json")), ids=lambda file: file.stem)
def test_old_files_are_what_the_schema_of_their_version_says(file):
    body = json.loads(file.read_text())
    published = json.loads((PUBLISHED / f"report-v{body['version']}.json").read_text())
    Draft202012Validator(published).validate(body)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "else"},
        {"version": VERSION + 1},
        {"surprise": 1},
        {"new_dynamic_shapes": None},
        {"rung": "ladder"},
        {"issues": [{"code": "TD101"}]},
        {"stats": {"ops_traced": "7"}},
        {"stats": {"opps": 7}},
        {"rungs": [{"rung": "symbolic", "reason": "", "x": 1}]},
        {"op_profiles": {"a.b.default": [1]}},
    ],
    ids=str,
)
def test_what_the_reader_refuses_the_schema_refuses(change):
    assert list(VALIDATOR.iter_errors(json.loads(FULL.to_json()) | change))


def test_classes_and_fields_are_described():
    issue = report_schema()["$defs"]["Issue"]
    assert issue["description"].startswith("An assumption, the line that caused it")
    assert issue["properties"]["location"]["description"] == (
        "The user's innermost line; None where no user code was running."
    )
