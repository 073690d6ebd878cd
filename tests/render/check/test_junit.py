import xml.etree.ElementTree as ET

import pytest
from hypothesis import given

from tests.sample_checks import MANY, TWICE
from tests.strategies import checks
from torchdraft._render.check.junit import render_junit


@pytest.fixture(autouse=True)
def in_the_app(monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: "/app")


def test_a_suite_for_each_target():
    root = ET.fromstring(render_junit(MANY))
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "3", "1", "1")
    full, clean, broken = root
    assert [suite.get("name") for suite in root] == ["targets.py:full", "targets.py:clean", "targets.py:broken"]
    (case,) = full
    assert case.get("classname") == "targets.py:full"
    assert case.get("name").startswith("TD")
    assert case.find("failure").get("message")
    assert [len(case) for case in clean] == [0]
    assert broken.find("testcase/error").get("message") == "RuntimeError: no"
    assert broken.find("testcase/error").text == "RuntimeError: no\nway 100%"


@given(checks)
def test_every_text_is_allowed_in_xml(check):
    root = ET.fromstring(render_junit(check))
    failing = sum(finding.fails for _, finding in check.findings())
    assert len(root.findall(".//failure")) == failing == int(root.get("failures"))


def test_two_of_one_line_are_two_cases():
    assert len(ET.fromstring(render_junit(TWICE)).findall(".//testcase")) == 2
