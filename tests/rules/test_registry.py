"""The registry finds every rule of the catalogue, whatever its file is called."""

import sys

import pytest

from torchdraft.model.events import FunctionCalled
from torchdraft.rules import all_rules, catalogue, issues_from, registry, rule_named

RULE = """
from torchdraft.model import Issue, Severity
from torchdraft.model.events import FunctionCalled
from torchdraft.rules.rule import Rule


class SlowCall(Rule[FunctionCalled]):
    code, name, severity, takes = "{code}", "{name}", Severity.NOTE, (FunctionCalled,)
    calls = ("time.sleep",)

    def issue(self, event: FunctionCalled) -> Issue:
        return self.found(event, f"The model calls `{{event.function}}`.")
"""


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Adds a file with a rule to the catalogue."""
    monkeypatch.setattr(catalogue, "__path__", [*catalogue.__path__, str(tmp_path)])
    before = set(sys.modules)

    def write(file, code="TD499", name="slow-call"):
        (tmp_path / file).write_text(RULE.format(code=code, name=name))
        registry.own_rules.cache_clear()

    yield write
    for name in set(sys.modules) - before:
        if name.startswith(catalogue.__name__):
            del sys.modules[name]
            delattr(catalogue, name.rpartition(".")[2])
    registry.own_rules.cache_clear()


@pytest.mark.parametrize("text", ["TD101", "td101", " data-dependent-branch "])
def test_rules_are_found_by_code_and_name(text):
    assert rule_named(text).code == "TD101"


def test_an_unknown_rule_is_none():
    assert rule_named("TD1") is None


@pytest.mark.parametrize("file", ["td499_slow_call.py", "anything.py"])
def test_a_new_rule_is_its_own_file_and_nothing_else(add, file):
    before = all_rules()
    add(file)
    assert {rule.code for rule in all_rules()} - {rule.code for rule in before} == {"TD499"}
    assert rule_named("slow-call").code == "TD499"
    assert "time.sleep" in registry.watched_calls()
    (issue,) = issues_from([FunctionCalled(function="time.sleep")])
    assert (issue.code, issue.message) == ("TD499", "The model calls `time.sleep`.")


def test_a_module_without_rules_is_no_rule(add, tmp_path):
    before = [rule.code for rule in all_rules()]
    (tmp_path / "shared.py").write_text("from torchdraft.rules.rule import Rule\n")
    registry.own_rules.cache_clear()
    assert [rule.code for rule in all_rules()] == before


@pytest.mark.parametrize(("code", "name"), [("TD101", "slow-call"), ("TD499", "host-read")])
def test_two_rules_of_one_code_or_name_are_refused(add, code, name):
    add("second.py", code, name)
    with pytest.raises(ValueError, match="both define the rule"):
        all_rules()


def test_a_rule_added_for_a_block_is_gone_after_it(add):
    add("anything.py")
    rule = rule_named("TD499")
    registry.own_rules.cache_clear()
    with registry.also(rule):
        assert [each.code for each in all_rules()].count("TD499") == 1


def test_every_rule_says_in_one_line_what_to_do():
    for rule in registry.own_rules():
        assert rule.mend.endswith("."), rule.code
        assert "\n" not in rule.mend, rule.code
        assert len(rule.mend) <= 110, rule.code
