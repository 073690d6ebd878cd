"""Graph passes are declared once, refused twice, and ordered by what they declare."""

from __future__ import annotations

import pytest

from torchdraft._draft.finish.passes import registry
from torchdraft._draft.finish.passes.registry import Stage, graph_pass, ordered, program_pass
from torchdraft._draft.finish.pipeline import ordered_passes


@pytest.fixture
def declared(monkeypatch):
    """The table of passes, empty for one test."""
    passes = {}
    monkeypatch.setattr(registry, "PASSES", passes)
    return passes


def declare(name, stage=Stage.REWRITE, **options):
    def run(graph):
        return False

    run.__name__ = name
    run.__qualname__ = name
    graph_pass(stage, why="a test", **options)(run)


def names(declared):
    return [each.name for each in ordered(declared.values())]


def test_stages_come_first_then_declared_constraints_then_names(declared):
    declare("save", Stage.SAVE)
    declare("b", after={"c": "a reason"})
    declare("a", Stage.DESCRIBE)
    declare("c")
    declare("d")
    assert names(declared) == ["c", "b", "d", "a", "save"]


def test_passes_that_wait_for_each_other_are_refused(declared):
    declare("a", after={"b": "a reason"})
    declare("b", after={"a": "a reason"})
    with pytest.raises(ValueError, match="graph passes wait for each other: "):
        names(declared)


@pytest.mark.parametrize("other", ["missing", "save"])
def test_a_constraint_names_a_pass_of_the_same_stage(declared, other):
    declare("save", Stage.SAVE)
    declare("a", after={other: "a reason"})
    with pytest.raises(ValueError, match=f"the graph pass a runs after '{other}', which is no pass of its stage"):
        names(declared)


def test_a_second_pass_of_the_same_name_is_refused(declared):
    declare("a")

    def a(program):
        return False

    with pytest.raises(ValueError, match=r"two graph passes are called a: .*test_registry.a and "):
        program_pass(Stage.SAVE, why="a test")(a)


def test_every_pass_says_why_and_each_constraint_has_a_reason():
    for each in ordered_passes():
        assert each.why, each.name
        assert (each.run.__doc__ or "").strip(), each.name
        assert all(each.after.values()), each.name


def test_only_passes_that_run_before_every_save_need_nothing_of_the_trace():
    assert not [each.name for each in ordered_passes() if each.every_save and each.needs]
