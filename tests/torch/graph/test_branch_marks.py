"""Marks in a traced graph."""

from __future__ import annotations

import pytest
import torch

from torchdraft._torch.graph.branch_marks import (
    BRANCH,
    CannotMark,
    assert_inner_marks,
    is_traced,
    modes_of_operations,
    write_mark,
)


def marked() -> torch.fx.Graph:
    graph = torch.fx.Graph()
    condition = graph.placeholder("condition")
    graph.call_function(BRANCH, (condition, "decision 0", [], []))
    graph.output(())
    return graph


@pytest.mark.parametrize("answer", [True, False])
def test_inner_marks_become_assertions(answer):
    graph = marked()
    assert_inner_marks(graph, {"decision 0": answer})
    module = torch.fx.GraphModule(torch.nn.Module(), graph)
    assert not graph.find_nodes(op="call_function", target=BRANCH)
    module(answer)
    with pytest.raises(RuntimeError):
        module(not answer)


def test_a_mark_survives_the_removal_of_dead_code():
    graph = marked()
    graph.eliminate_dead_code()
    assert graph.find_nodes(op="call_function", target=BRANCH)


def test_nothing_is_traced_here():
    assert not is_traced(torch.ones(3))
    with pytest.raises(CannotMark):
        write_mark(True, "decision 0", [], [])


def test_modes():
    before = modes_of_operations()
    with torch.no_grad():
        assert modes_of_operations() != before
    with torch.autocast("cpu"):
        assert modes_of_operations() != before
    assert modes_of_operations() == before
