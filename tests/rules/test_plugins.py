"""Rules of other packages: a distribution with entry points, as an installer creates it."""

import re

import pytest
import torch
from typer.testing import CliRunner

import torchdraft
from tests.testing.shipped_rule import NumpyRead
from torchdraft._cli.app import app
from torchdraft.model import Severity
from torchdraft.model.events import GuardResolved
from torchdraft.rules import Rule, all_rules, events, issues_from, plugins, rule_named

PAGE = NumpyRead.__doc__


def rule(**attributes):
    return type("Shipped", (NumpyRead,), {"__doc__": PAGE, **attributes})


class Unfinished(Rule):
    __doc__ = PAGE
    code, name, severity, takes = "ACME002", "unfinished", Severity.NOTE, (events.HostRead,)


SHIPPED = {
    "good": NumpyRead,
    "another": rule(code="ACME003", name="another"),
    "same_code": rule(name="another-name"),
    "same_name": rule(code="ACME009"),
    "taken_name": rule(code="ACME008", name="host-read"),
    "reserved": rule(code="TD999", name="reserved"),
    "odd_code": rule(code="acme1", name="odd"),
    "odd_name": rule(code="ACME004", name="Odd Name"),
    "no_severity": rule(code="ACME005", name="no-severity", severity="guarded"),
    "no_events": rule(code="ACME006", name="no-events", takes=(int,)),
    "odd_calls": rule(code="ACME007", name="odd-calls", calls="time.sleep"),
    "no_page": rule(code="ACME010", name="no-page", __doc__="A rule."),
    "no_issue": Unfinished,
    "no_code": type("Bare", (Rule,), {}),
    "no_rule": dict,
    "instance": NumpyRead(),
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package whose entry points are those of `SHIPPED` with the given names."""
    (tmp_path / "acme.py").write_text("from tests.rules.test_plugins import SHIPPED\nglobals().update(SHIPPED)\n")
    (tmp_path / "acme_broken.py").write_text("raise SystemExit('no licence')\n")
    metadata = tmp_path / "acme_rules-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    def go(*names, lines=()):
        entries = [f"{name} = acme:{name}" for name in names]
        (metadata / "entry_points.txt").write_text("\n".join([f"[{plugins.GROUP}]", *entries, *lines, ""]))
        plugins.entries.cache_clear()
        plugins.installed.cache_clear()

    yield go
    plugins.entries.cache_clear()
    plugins.installed.cache_clear()


def test_a_shipped_rule_is_one_of_all(install):
    install("good")
    assert all_rules()[-1].code == "ACME001"
    assert rule_named("numpy-read").code == "ACME001"


def test_it_speaks_in_reports(install):
    install("good")

    class Median(torch.nn.Module):
        def forward(self, x):
            return x - float(x.detach().numpy().max())

    report = torchdraft.draft_export(Median(), (torch.ones(3),))._report
    assert [issue.code for issue in report.issues] == ["TD103", "ACME001"]
    assert torchdraft.Report.from_json(report.to_json()) == report


def test_several_stand_in_the_order_of_their_codes(install):
    install("good", "another")
    assert [rule.code for rule in all_rules()][-2:] == ["ACME001", "ACME003"]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("same_code", r"ValueError: ACME001 \(another-name\) collides with ACME001 \(numpy-read\)"),
        ("same_name", r"ValueError: ACME009 \(numpy-read\) collides with ACME001"),
        ("taken_name", r"collides with TD103 \(host-read\)"),
        ("reserved", "those with TD are torchdraft's"),
        ("odd_code", "expected a code like ACME001"),
        ("odd_name", "lower case words"),
        ("no_severity", "expected a torchdraft.Severity"),
        ("no_events", "a tuple of event classes"),
        ("odd_calls", "one of texts as calls"),
        ("no_page", "to have the sections What it does"),
        ("no_issue", "TypeError: .*abstract"),
        ("no_code", "has no 'code'"),
        ("no_rule", "expected a subclass of torchdraft.rules.Rule, not <class 'dict'>"),
        ("instance", "expected a subclass"),
        ("not_there", "AttributeError"),
    ],
)
def test_one_that_can_not_be_used_costs_a_note(install, name, complaint):
    install("good", name)
    assert [rule.code for rule in all_rules() if rule.code.startswith("ACME")] == ["ACME001"]
    guard, note = issues_from([GuardResolved(expr="u0 > 5", value="True")])
    assert (guard.code, note.code, note.severity) == ("TD101", "TD900", "note")
    assert f"{name} = acme:{name} of acme-rules" in note.message
    assert re.search(complaint, note.message)


def test_a_module_that_does_not_import_costs_a_note_and_never_the_graph(install):
    install(lines=["gone = acme_gone:Rule", "leaving = acme_broken:Rule"])
    program = torchdraft.draft_export(torch.nn.ReLU(), (torch.ones(3),))
    notes = program._report.issues
    assert [note.code for note in notes] == ["TD900", "TD900"]
    assert "ModuleNotFoundError: No module named 'acme_gone'" in notes[0].message
    assert "SystemExit: no licence" in notes[1].message
    assert program._report.successful()


def test_the_list_says_where_a_rule_comes_from_and_what_is_broken(install):
    install("good", "reserved")
    done = CliRunner().invoke(app, ["rules"], env={"COLUMNS": "100"})
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["code", "name", "usual", "severity", "package"]
    assert lines[-1].split() == ["ACME001", "numpy-read", "guarded", "tests"]
    assert "warning: reserved = acme:reserved of acme-rules: ValueError" in done.stderr


def test_explain_knows_it(install):
    install("good")
    assert CliRunner().invoke(app, ["explain", "acme001"]).stdout == NumpyRead.page()
