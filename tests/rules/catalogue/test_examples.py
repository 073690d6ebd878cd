"""Drafts the examples of every page: the bad one yields its issue at its line, the good one none."""

import pytest

from torchdraft.rules import all_rules
from torchdraft.testing import check_rule

WITH_EXAMPLES = [rule for rule in all_rules() if rule.bad()]
BESIDE = {"TD304": ("TD101", "TD903"), "TD604": ("TD101",)}
"""A surrogate is reported beside the guard that needed it, and branches that are not merged beside their guards."""


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_a_rule_keeps_what_its_page_says(rule):
    check_rule(rule, beside=BESIDE.get(rule.code, ()))


def test_only_the_note_on_broken_rules_has_no_example():
    """No model makes a rule fail; `test_issues.py` and `test_plugins.py` have rules that fail."""
    assert {rule.code for rule in all_rules()} - {rule.code for rule in WITH_EXAMPLES} == {"TD900"}
