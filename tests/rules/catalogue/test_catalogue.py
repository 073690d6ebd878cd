import re
from pathlib import Path

import pytest

import torchdraft.rules
from tests.rules.sample_events import EVENTS
from torchdraft.model import Severity, events
from torchdraft.rules import issues_from
from torchdraft.rules.registry import own_rules
from torchdraft.rules.rule import SECTIONS

RULES = own_rules()

CONTRACT = {
    "TD101": ("data-dependent-branch", "guarded"),
    "TD102": ("data-dependent-size", "guarded"),
    "TD103": ("host-read", "guarded"),
    "TD104": ("metadata-read", "guarded"),
    "TD201": ("constraint-violation", "specialized"),
    "TD202": ("silent-specialization", "specialized"),
    "TD203": ("zero-one-specialization", "specialized"),
    "TD204": ("hardcoded-size", "specialized"),
    "TD301": ("missing-fake-kernel", "guarded"),
    "TD302": ("mismatched-fake-kernel", "guarded"),
    "TD303": ("op-outside-dispatcher", "baked"),
    "TD304": ("stand-in-weight", "guarded"),
    "TD401": ("input-mutation", "note"),
    "TD402": ("module-state-mutation", "baked"),
    "TD403": ("outside-state", "baked"),
    "TD404": ("python-randomness-or-clock", "baked"),
    "TD405": ("seeded-randomness", "note"),
    "TD501": ("unregistered-input-type", "note"),
    "TD502": ("unregistered-output-type", "note"),
    "TD601": ("caught-exception", "guarded"),
    "TD602": ("branch-mismatch", "guarded"),
    "TD603": ("branch-kept", "note"),
    "TD604": ("paths-not-merged", "note"),
    "TD900": ("rule-failed", "note"),
    "TD901": ("concrete-fallback", "specialized"),
    "TD902": ("strict-fallback", "note"),
    "TD903": ("not-checked", "note"),
    "TD904": ("differs-on-example", "baked"),
    "TD905": ("frozen-result", "guarded"),
    "TD906": ("not-saveable", "guarded"),
}
"""Codes never change meaning: new rules are added here, and entries are never changed."""


def test_codes_names_and_severities_are_the_contract():
    assert {rule.code: (rule.name, rule.severity.value) for rule in RULES} == CONTRACT


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_page_has_its_sections_with_text(rule):
    assert tuple(rule.sections()) == SECTIONS
    assert all(rule.sections().values())
    assert rule.page().startswith(f"# {rule.code} {rule.name}\n\nUsual severity: **{rule.severity}**")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_the_file_of_its_code_and_name(rule):
    file = type(rule).__module__.rpartition(".")[2]
    assert file.startswith(rule.code.lower() + "_")
    assert file[6:].replace("_", "-") == rule.name


def test_no_rule_file_is_overlooked():
    files = list((Path(torchdraft.rules.__file__).parent / "catalogue").glob("td*.py"))
    assert len(files) == len(RULES)


def test_every_event_class_is_somebodys():
    taken = {event for rule in RULES for event in rule.takes}
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)}
    for_others = {events.FunctionCalled}  # emitted where a rule asks for it, and none of torchdraft's own has to
    assert kinds - {events.Event} == taken | for_others
    assert taken == {type(event) for event in EVENTS.values()}


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_exactly_one_issue(name):
    (issue,) = issues_from([EVENTS[name]])
    assert issue.code in CONTRACT
    assert issue.code != "TD900"
    assert issue.message.endswith((".", "`")) or "exception" in issue.data or "reason" in issue.data
    assert not re.search(r"\bNone\b|<.* object at", issue.message)


def test_messages(snapshot):
    told = [issue for event in EVENTS.values() for issue in issues_from([event])]
    snapshot("\n".join(f"{issue.code} {issue.severity}: {issue.message}" for issue in told), "messages.txt")


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("read-value", Severity.GUARDED),
        ("read-constant", Severity.GUARDED),
        ("read-unused", Severity.NOTE),
        ("read-too-large", Severity.BAKED),
        ("attribute-lost", Severity.BAKED),
        ("attribute-kept", Severity.NOTE),
        ("concrete", Severity.SPECIALIZED),
        ("native", Severity.BAKED),
    ],
)
def test_severity_follows_what_the_graph_keeps(name, severity):
    (issue,) = issues_from([EVENTS[name]])
    assert issue.severity is severity
