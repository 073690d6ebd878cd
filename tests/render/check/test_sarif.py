import json
from dataclasses import replace

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from tests.render.check.sarif_shape import LOG
from tests.sample_checks import ACCEPTED, MANY, PROMPT, TWICE, checked
from tests.sample_reports import BRANCH
from tests.strategies import checks
from torchdraft._render.check.sarif import FINGERPRINT, render_sarif
from torchdraft.model import Location, Report
from torchdraft.model.check import Check
from torchdraft.rules import all_rules

VALIDATOR = Draft202012Validator(LOG)


@pytest.fixture(autouse=True)
def in_the_app(monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: "/app")


def run_of(check):
    log = json.loads(render_sarif(check, all_rules(), version="1.2.3"))
    VALIDATOR.validate(log)
    return log["runs"][0]


def results(*issues):
    return run_of(Check(targets=(checked("t", Report(issues=issues)),), fail_on="any"))["results"]


@given(checks)
def test_every_check_has_what_the_specification_requires(check):
    run = run_of(check)
    assert len(run["results"]) == sum(len(target.findings) for target in check.targets)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_rules_that_were_found_are_described():
    driver = run_of(MANY)["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("torchdraft", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == ["TD101", "TD201", "TD401", "TD404"]
    branch = driver["rules"][0]
    assert branch["name"] == "data-dependent-branch"
    assert branch["shortDescription"]["text"].startswith("Reports a Python branch")
    assert branch["help"]["markdown"].startswith("# TD101 data-dependent-branch\n")
    assert branch["helpUri"] == "urn:torchdraft:rule:TD101"


def test_published_pages_are_linked():
    log = json.loads(render_sarif(MANY, all_rules(), version="1", docs="https://docs.example/rules/"))
    assert log["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"] == "https://docs.example/rules/TD101"


def test_an_expression_with_code_to_write_has_a_fix():
    issue = replace(BRANCH, replacement="torch.rand(())")
    (fix,) = results(issue)[0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "encoder.py"
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 12, "startColumn": 12, "endColumn": 33},
            "insertedContent": {"text": "torch.rand(())"},
        }
    ]


def test_what_nobody_edits_and_what_has_no_columns_has_no_fix():
    code = "torch.rand(())"
    library = replace(
        BRANCH, location=Location("/venv/lib/python3.11/site-packages/a.py", 3, "f", "x = f()", 4, 7), replacement=code
    )
    without = replace(BRANCH, location=Location("/app/a.py", 3, "f", "x = f()"), replacement=code)
    assert not [result for result in results(library, without, BRANCH) if "fixes" in result]


def test_a_rule_that_nobody_knows_is_described_by_its_issue():
    log = json.loads(render_sarif(TWICE, [], version="1"))
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"], rule["defaultConfiguration"]) == (
        "TD101", "data-dependent-branch", {"level": "warning"}
    )  # fmt: skip


def test_levels_follow_severity():
    assert [(result["ruleId"], result["level"]) for result in run_of(MANY)["results"]] == [
        ("TD404", "error"), ("TD101", "warning"), ("TD201", "warning"), ("TD401", "note"),
    ]  # fmt: skip


def test_the_line_and_its_columns():
    (place,) = results(BRANCH)[0]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "encoder.py", "uriBaseId": "%SRCROOT%"}
    region = place["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (12, 12, 33)
    source = region["snippet"]["text"]
    assert source[region["startColumn"] - 1 : region["endColumn"] - 1] == "lens.max().item() > 5"
    assert place["logicalLocations"] == [{"fullyQualifiedName": "Encoder.forward", "kind": "function"}]


def test_a_result_stands_at_the_users_line_not_in_an_installed_package():
    clock = run_of(MANY)["results"][0]
    assert clock["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "model.py"
    flow = clock["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in flow] == [30, 40]
    assert flow[1]["location"]["physicalLocation"]["artifactLocation"] == {
        "uri": "file:///venv/lib/python3.11/site-packages/vq/core.py"
    }


def test_where_symbols_were_born():
    (born,) = results(BRANCH)[0]["relatedLocations"]
    assert born["message"]["text"] == "u0 = lens.max().item()"
    assert born["physicalLocation"]["artifactLocation"]["uri"] == "encoder.py"
    assert born["physicalLocation"]["region"] == {"startLine": 12}


@pytest.mark.parametrize("born", ["x.item()", "x.item() at other.py:3", "x.item() at encoder.py:", ""])
def test_a_birth_that_can_not_be_placed_is_left_out(born):
    assert "relatedLocations" not in results(replace(BRANCH, symbols={"u0": born}))[0]


def test_without_a_line_the_target_file_stands_in():
    for issue in (replace(BRANCH, location=None, user_stack=()), PROMPT):
        (place,) = results(issue)[0]["locations"]
        assert place == {"physicalLocation": {"artifactLocation": {"uri": "targets.py", "uriBaseId": "%SRCROOT%"}}}


def test_names_become_uris():
    line = Location("/app/my models/é#1.py", 3, "f", "x = 1")
    (place,) = results(replace(BRANCH, location=line, user_stack=(line,)))[0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "my%20models/%C3%A9%231.py"


def test_equal_findings_have_fingerprints_of_their_own():
    found = [result["partialFingerprints"][FINGERPRINT] for result in run_of(TWICE)["results"]]
    assert found == ["TD101-0:1", "TD101-0:2"]


def test_suppressions_say_how_and_why():
    told = [result["suppressions"] for result in run_of(MANY)["results"]]
    assert told[0] == told[3] == []
    assert told[1][0]["kind"] == "inSource"
    assert told[1][0]["justification"] == "lens is never longer"
    assert told[1][0]["location"]["physicalLocation"]["region"]["startLine"] == 11
    assert told[2] == [{"kind": "external", "status": "accepted"}]


def test_the_baseline_says_what_is_new():
    assert [result["baselineState"] for result in run_of(MANY)["results"]] == ["new", "new", "unchanged", "new"]
    assert "baselineState" not in run_of(ACCEPTED)["results"][0]


def test_broken_targets_and_remarks_are_notifications():
    (invocation,) = run_of(MANY)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert [each["message"]["text"] for each in invocation["toolExecutionNotifications"]] == [
        "targets.py:broken: RuntimeError: no\nway 100%"
    ]
    unused, stale = invocation["toolConfigurationNotifications"]
    assert unused["locations"][0]["physicalLocation"]["region"]["startLine"] == 3
    assert stale == {"level": "warning", "message": {"text": "stale: TD101"}}
