from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.sample_events import EVENTS
from torchdraft.model import Severity
from torchdraft.model.events import GuardResolved, InputMutated
from torchdraft.rules import Rule, all_rules, issues_from


def one(): ...


def two(): ...


HERE = ((one.__code__, 11), (two.__code__, 14))
KNOWN = ((one.__code__, 11, 0), (two.__code__, 14, 0))
THERE = ((one.__code__, 12), (two.__code__, 14))


def guard(expr, born=None, stack=HERE, **more):
    symbols = dict.fromkeys([word for word in expr.replace("(", " ").split() if word[0] == "u"], born) if born else {}
    return GuardResolved(expr=expr, value=more.pop("value", "True"), symbols=symbols, stack=stack, **more)


def test_two_guards_on_one_line_are_two_issues():
    assert len(issues_from([guard("u0 > 5"), guard("u0 < 9")])) == 2


def test_the_same_guard_on_two_lines_is_two_issues():
    assert len(issues_from([guard("u0 > 5"), guard("u0 > 5", stack=THERE)])) == 2


def test_the_same_guard_in_a_loop_is_one_issue_with_a_count():
    turns = [guard(f"u{n} > 5", "x.item() at m.py:3", module=f"layers.{n}", node=f"assert_{n}") for n in range(4)]
    (issue,) = issues_from(turns)
    assert issue.occurrences == 4
    assert issue.expr == "u0 > 5"
    assert issue.modules == ("layers.0", "layers.1", "layers.2", "layers.3")
    assert issue.node == "assert_0"
    assert issue.data["nodes"] == ["assert_0", "assert_1", "assert_2", "assert_3"]


def test_other_answers_of_the_same_guard_are_kept():
    (issue,) = issues_from([guard(f"u{n} > 5", "x.item()", value=str(n % 2 == 0)) for n in range(4)])
    assert (issue.value, issue.data["values"]) == ("True", ["True", "False"])


def test_symbols_of_other_births_are_other_guards():
    assert len(issues_from([guard("u0 > 5", "a.item() at m.py:3"), guard("u1 > 5", "b.item() at m.py:3")])) == 2


def test_symbols_of_unknown_birth_are_never_taken_for_one():
    assert len(issues_from([guard("u0 > 5"), guard("u1 > 5")])) == 2


def test_worst_first_then_in_order():
    order = ["input-mutated", "branch", "impure", "not-checked", "size", "attribute-lost"]
    codes = [issue.code for issue in issues_from(EVENTS[name] for name in order)]
    assert codes == ["TD404", "TD402", "TD101", "TD102", "TD401", "TD903"]


class Crashing(Rule):
    code, name, severity, takes = "XX001", "crashing", Severity.BAKED, (GuardResolved,)

    def issue(self, event):
        return event.no_such_field


class CrashingInIdentity(Crashing):
    def identity(self, event):
        raise ZeroDivisionError


def test_a_rule_that_crashes_costs_one_note():
    rules = [Crashing(), CrashingInIdentity(), *all_rules()]
    issues = issues_from([guard("u0 > 5"), guard("u0 > 6"), InputMutated(name="x")], rules)
    assert [issue.code for issue in issues] == ["TD101", "TD101", "TD900", "TD401"]
    note = issues[2]
    assert note.severity is Severity.NOTE
    assert note.occurrences == 4
    assert "XX001 (crashing) failed on a GuardResolved event: AttributeError" in note.message


def test_events_nobody_takes_are_no_issue():
    assert issues_from([InputMutated(name="x")], [Crashing()]) == ()


guards = st.builds(
    guard,
    st.sampled_from(["u0 > 5", "u1 > 5", "u0 > u1", "s0 > u0"]),
    born=st.sampled_from([None, "x.item()", "y.item()"]),
    stack=st.sampled_from([HERE, THERE, ()]),
)


@given(st.lists(guards | st.sampled_from(list(EVENTS.values())), max_size=30))
def test_every_event_is_counted_once(events):
    issues = issues_from(events)
    assert sum(issue.occurrences for issue in issues) == len(events)
    assert [issue.severity for issue in issues] == sorted((issue.severity for issue in issues), reverse=True)
    assert issues == issues_from(events)


def test_different_conditions_of_one_loop_are_listed():
    turns = [guard(f"{n} < u0", "n.item()", kind="branch", value=str(n < 2)) for n in range(3)]
    merged = issues_from([replace(turn, stack=KNOWN) for turn in turns])
    (issue,) = merged
    assert issue.occurrences == 3
    assert [each["expr"] for each in issue.data["instances"]] == ["0 < u0", "1 < u0", "2 < u0"]
    assert [each["value"] for each in issue.data["instances"]] == ["True", "True", "False"]


def test_events_in_two_lines_of_torchs_code_are_two_issues():
    inside = [(two.__code__, 14, 0), (two.__code__, 15, 0)]
    assert len(issues_from([guard("u0 > 5", inside=frame) for frame in inside])) == 2
    same = [guard("u0 > 5", inside=frame, by="operation") for frame in inside]
    assert len(issues_from(same)) == 1
