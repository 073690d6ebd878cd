"""Renders checks as JUnit XML: a suite for each target, a failed case for each finding that fails."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from torchdraft._render import paths, words
from torchdraft.model.check import Check, CheckedTarget, Finding

from .concise import place

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot contain, not even escaped."""


def render_junit(check: Check) -> str:
    """The check as a document. A clean target is one case that passed, a broken one is one with an error."""
    root = ET.Element("testsuites", name="torchdraft")
    for target in check.targets:
        root.append(_suite(target))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False)


def _suite(target: CheckedTarget) -> ET.Element:
    failing = [finding for finding in target.findings if finding.fails]
    broken = target.status == "broken"
    suite = ET.Element("testsuite", name=_text(target.target))
    suite.set("tests", str(max(len(failing), 1)))
    suite.set("failures", str(len(failing)))
    suite.set("errors", str(int(broken)))
    for finding in failing:
        _failure(_case(suite, target, finding.issue.code), finding)
    if not failing:
        case = _case(suite, target, "drafted")
        if broken:
            first = target.error.partition("\n")[0]
            ET.SubElement(case, "error", message=_text(first), type="broken").text = _text(target.error)
    return suite


def _case(suite: ET.Element, target: CheckedTarget, name: str) -> ET.Element:
    case = ET.SubElement(suite, "testcase", classname=_text(target.target), name=name)
    if paths.is_file_name(target.file):
        case.set("file", _text(paths.shown(target.file)))
    return case


def _failure(case: ET.Element, finding: Finding) -> None:
    """Fills a case. Its name is code and place, so that two findings of a target have two names."""
    issue = finding.issue
    where = place(issue.own_location)
    case.set("name", _text(f"{issue.code} {where}".strip()))
    failure = ET.SubElement(case, "failure", message=_text(issue.message), type=_text(f"{issue.code} {issue.name}"))
    lines = [where, issue.location.source.strip() if issue.location else "", issue.message]
    lines += [f"{label} {text}" for label, text in words.facts(issue)]
    failure.text = _text("\n".join(filter(None, lines)))


def _text(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
