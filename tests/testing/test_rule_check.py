import sys

import pytest
import torch

from tests.testing.shipped_rule import NumpyRead
from torchdraft.rules import all_rules, rule_named
from torchdraft.rules.registry import also
from torchdraft.testing import check_rule

TD103 = ("TD103",)
"""torchdraft's own rule for the same event."""


def changed(old="", new="", **attributes):
    """The rule with a changed page or changed attributes."""
    page = NumpyRead.__doc__.replace(old, new) if old else NumpyRead.__doc__
    assert page != NumpyRead.__doc__ or not old
    return type("Changed", (NumpyRead,), {"__doc__": page, **attributes})()


def test_a_rule_that_keeps_its_page_passes():
    check_rule(NumpyRead(), beside=TD103)


def test_a_rule_of_torchdrafts_own_passes():
    check_rule(rule_named("TD101"))


def test_it_leaves_nothing_behind():
    rules, modules, state = all_rules(), set(sys.modules), torch.get_rng_state()
    check_rule(NumpyRead(), beside=TD103)
    assert all_rules() == rules
    assert not [name for name in sys.modules.keys() - modules if name.startswith("torchdraft_example")]
    assert torch.equal(torch.get_rng_state(), state)


def test_a_rule_that_is_known_is_not_added_twice():
    with also(NumpyRead()), also(NumpyRead()):
        assert [rule.code for rule in all_rules()].count("ACME001") == 1
    assert rule_named("ACME001") is None


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (changed(code="acme"), "the code 'acme' is not of the form"),
        (changed(name="Numpy read"), "the name 'Numpy read' is not lower case words"),
        (changed("## Fix safety", "## Safety"), "the docstring has the sections What it does, .*, Safety; expected"),
        (changed("The maximum is computed in the tensor's own precision.", ""), "'Fix safety' is empty"),
        (changed("```python\n    import torch", "```\n    import torch"), "'Example' has no ```python block"),
    ],
)
def test_a_page_that_is_not_complete(rule, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_rule(rule, beside=TD103)


READ = "x * float(x.detach().numpy().max())"
GOOD = "x * x.max()"
MARK = "  # ACME001"
TWICE = "x * float(x.detach().numpy().max()) + float(x.detach().numpy().min())"
CRASHING = {"issue": lambda self, event: event.no_such_field}


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (changed(MARK, ""), "Example marks 0 lines with `# ACME001`"),
        (changed(MARK, MARK + "2"), "Example marks 0 lines"),
        (changed("(torch.ones(3),)", f"(torch.ones(3),){MARK}"), "Example marks 2 lines"),
        (changed(READ, "x * 2"), "Example yields 0 issues of ACME001; expected one, at line 5"),
        (changed(READ, TWICE), "Example yields 2 issues of ACME001"),
        (changed(READ, READ + " + len(range(int(x.sum())))"), r"Example also yields TD102 \(guarded\)"),
        (changed(READ, "x.no_such_method()"), "Example raises AttributeError"),
        (changed("args = ", "arg = "), "Example raises KeyError: 'args'"),
        (changed(**CRASHING), "yields 0 issues .*AttributeError: .*no_such_field"),
        (changed(f"return {READ}{MARK}", f"y = 1{MARK}\n            return {READ}"), "issue at .*:6 .*marks line 5"),
        (
            changed(f"return {READ}{MARK}", f"{MARK.strip()}\n            return {READ}"),
            "issue at .*:6 .*it has no line",
        ),
        (changed(GOOD, READ), "Use instead yields ACME001"),
        (changed(GOOD, "x.add_(1)"), "Use instead yields TD401"),
        (changed(GOOD, "x * int(x.max())"), "Use instead raises"),
    ],
)
def test_an_example_that_does_not_keep_its_word(rule, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_rule(rule, beside=TD103)


def test_a_program_that_differs_from_eager():
    rule = changed(GOOD, "x * (1 + torch.compiler.is_exporting())")
    with pytest.raises(AssertionError, match="Use instead gives a program that differs from eager"):
        check_rule(rule, beside=(*TD103, "TD901", "TD904"))


def test_what_others_say_of_the_example_is_told_unless_it_is_allowed():
    with pytest.raises(AssertionError, match=r"Example also yields TD103 \(guarded\) at <doctest ACME001_bad>:5"):
        check_rule(NumpyRead())


def test_that_another_rule_does_not_work_is_not_this_ones_fault():
    broken = type("Broken", (NumpyRead,), {"code": "ACME002", "name": "broken", **CRASHING})()
    with also(broken):
        check_rule(NumpyRead(), beside=TD103)


def test_everything_wrong_is_told_at_once():
    rule = changed("return x * x.max()", "return x.add_(1)")
    with pytest.raises(AssertionError) as caught:
        check_rule(rule)
    assert len(str(caught.value).splitlines()) == 3
