"""The pure function that decides the next attempt."""

from dataclasses import replace

import pytest
import torch

from torchdraft._draft.rungs import ladder
from torchdraft._draft.rungs.failures import failure_of, release_traceback
from torchdraft._draft.rungs.ladder import LADDER, MOST_CAUSES, next_plan, rung_of
from torchdraft._draft.rungs.plan import Failure, ModelOutline, Plan


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.ReLU()

    def forward(self, x):
        return self.inner(x)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = Block(), Block()
        self.rest = torch.nn.ModuleList([torch.nn.Linear(2, 2)])

    def forward(self, x):
        return self.rest[0](self.second(self.first(x)))


OUTLINE = ModelOutline.of(Model())
BROKE = Failure(exception="TypeError: no", module="first")


def after(plan, *failures):
    for failure in failures:
        plan = next_plan(plan, failure, OUTLINE)
        assert plan is not None
    return plan


def test_every_module_of_the_class_becomes_an_island():
    plan = after(Plan(), BROKE)
    assert list(plan.islands) == ["first", "second"]
    assert (rung_of(plan).name, plan.causes()) == ("island", 1)


def test_an_island_that_fails_gives_way_to_the_module_around_it():
    inner = replace(BROKE, module="first.inner")
    plan = after(Plan(), inner, inner)
    assert plan.outermost_islands() == ["first", "second"]
    assert plan.causes() == 2


def test_a_list_of_modules_is_never_called():
    linear = replace(BROKE, module="rest.0")
    assert rung_of(after(Plan(), linear, linear)).name == "concrete"


def test_the_ladder_ends_with_the_frozen_result():
    whole = replace(BROKE, whole_model=True)
    plan = after(Plan(), whole, whole)
    assert rung_of(plan).name == "frozen"
    assert next_plan(plan, whole, OUTLINE) is None


def test_too_many_causes_record_the_model():
    plan = Plan()
    for name in ("first.inner", "second.inner", "first", "second", "rest.0"):
        plan = ladder.with_islands(plan, replace(BROKE, module=name), name, OUTLINE)
    while plan.causes() < MOST_CAUSES:
        plan = replace(plan, islands={**plan.islands, f"more{plan.causes()}": replace(plan.islands["first"], node="n")})
    assert rung_of(after(plan, replace(BROKE, module="second"))).name == "concrete"


def test_a_broken_constraint_is_left_to_the_tracer_first():
    broken = replace(BROKE, breaks_constraint=True)
    plan = after(Plan(), broken, broken)
    assert (plan.auto_dims, rung_of(plan).name) == (2, "symbolic")
    assert rung_of(after(plan, broken)).name == "island"


def test_a_model_that_saw_tracing_is_tried_once_without():
    saw = replace(BROKE, model_saw_tracing=True)
    hidden = after(Plan(), saw)
    assert (hidden.hide_tracing, rung_of(hidden).name) == (True, "symbolic")
    shown = after(hidden, BROKE)
    assert (shown.hide_tracing, rung_of(shown).name) == (False, "island")


def test_a_strict_plan_gives_way_to_a_trace_without_dynamo():
    assert after(Plan(strict=True), BROKE) == Plan()
    assert after(Plan(strict=True), replace(BROKE, differs=True)) == Plan(always_check=True)


def test_a_plan_does_not_change():
    plan = Plan()
    after(plan, BROKE)
    assert plan == Plan()


class Alternative(ladder.Symbolic):
    """A rung that serves where the failure blames no submodule."""

    name = "alternative"

    def uses(self, plan):
        return plan.auto_dims == 7

    def plan_after(self, plan, failure, model):
        return replace(plan, auto_dims=7) if failure.module == "" else None


def test_a_new_rung_is_one_entry_of_the_ladder(monkeypatch):
    monkeypatch.setattr(ladder, "LADDER", (LADDER[0], Alternative(), *LADDER[1:]))
    plan = after(Plan(), replace(BROKE, module=""))
    assert rung_of(plan).name == "alternative"
    assert rung_of(after(Plan(), BROKE)).name == "island"


def test_each_plan_has_its_rung():
    plans = [Plan(), after(Plan(), BROKE), after(Plan(), replace(BROKE, whole_model=True))]
    assert [rung_of(plan).name for plan in plans] == ["symbolic", "island", "concrete"]


def test_exceptions_that_refer_to_each_other_are_released():
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__context__ = other, one
    try:
        raise one
    except ValueError as error:
        release_traceback(error)
    assert one.__traceback__ is None


@pytest.mark.parametrize("asked", [True, False])
def test_a_failure_says_whether_the_model_saw_tracing(asked):
    try:
        raise TypeError("the model's own")
    except TypeError as error:
        failure = failure_of(error, Model(), asked_for_tracing=asked)
    assert failure.exception == "TypeError: the model's own"
    assert failure.model_saw_tracing is asked
