"""A new pass needs its declaration alone; a pass that breaks a graph is named."""

from __future__ import annotations

import io

import pytest
import torch

import torchdraft
from torchdraft._draft.finish import pipeline
from torchdraft._draft.finish.passes import registry
from torchdraft._draft.finish.passes.registry import Stage, graph_pass, program_pass
from torchdraft._draft.finish.pipeline import InvalidGraph, ordered_passes, run_passes


class Doubles(torch.nn.Module):
    def forward(self, x):
        return x * 2


@pytest.fixture
def passes(monkeypatch):
    """The table of passes, which a test may add to."""
    ordered_passes()
    added = dict(registry.PASSES)
    for module in (registry, pipeline):
        monkeypatch.setattr(module, "PASSES", added)
    return added


def multiplications(program):
    return [node for node in program.graph.nodes if node.target is torch.ops.aten.mul.Tensor]


def test_a_new_pass_is_one_declaration(passes):
    @graph_pass(Stage.REWRITE, why="a test")
    def triple_instead(graph):
        """Multiplies by 3."""
        changed = False
        for node in graph.nodes:
            if node.target is torch.ops.aten.mul.Tensor:
                node.args = (node.args[0], 3)
                changed = True
        return changed

    program = torchdraft.draft_export(Doubles(), (torch.ones(2),), check_on_example=False)
    assert [node.args[1] for node in multiplications(program)] == [3]
    assert program.module()(torch.ones(2)).tolist() == [3, 3]


@pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec:FutureWarning")  # torch deepcopies structures
def test_a_pass_of_the_last_stage_runs_again_before_every_save(passes):
    programs = []

    @program_pass(Stage.SAVE, why="a test")
    def note(program):
        """Notes the program."""
        programs.append(program)
        return False

    program = torchdraft.draft_export(Doubles(), (torch.ones(2),))
    torchdraft.save(program, io.BytesIO())
    decomposed = program.run_decompositions()
    torchdraft.save(decomposed, io.BytesIO())
    assert programs == [program, program, decomposed]


def test_a_pass_that_leaves_an_invalid_graph_is_named(passes):
    @graph_pass(Stage.REWRITE, why="a test")
    def uses_too_early(graph):
        """Moves the output's operation in front of its input."""
        (node,) = [node for node in graph.nodes if node.op == "call_function"]
        next(iter(graph.nodes)).prepend(node)
        return True

    program = torch.export.export(Doubles(), (torch.ones(2),))
    with pytest.raises(InvalidGraph, match=r"the graph pass uses_too_early \(.*\) left an invalid graph: "):
        run_passes(program, [passes["drop_empty_lists"], passes["uses_too_early"]])


def test_resolved_guards_are_passed_to_the_passes_that_declare_them(passes):
    received = []

    @graph_pass(Stage.REWRITE, why="a test")
    def look(graph, resolved):
        """Notes the guards."""
        received.append(dict(resolved))
        return False

    class Branches(torch.nn.Module):
        def forward(self, x):
            return x + 1 if x.sum() > 0 else x

    torchdraft.draft_export(Branches(), (torch.ones(2),), check_on_example=False)
    assert [str(value) for guards in received for value in guards.values()] == ["True"]
