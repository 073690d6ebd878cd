"""The nodes of a program as data."""

import copy
import pickle
from dataclasses import replace

import pytest
import torch

import torchdraft
from torchdraft.model import Report


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)

    def forward(self, x):
        if x.sum() > -100:
            x = x + 1
        return self.lin(x)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList([Block(), Block()])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return torch.cond(x.shape[0] > 2, lambda x: x * 2, lambda x: x - 1, (x,))


@pytest.fixture(scope="module")
def program():
    return torchdraft.draft_export(Net(), (torch.ones(3, 4),), dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}})


@pytest.fixture(scope="module")
def listing(program):
    return program._report.listed().listing


def named(listing, name):
    return next(node for node in listing.nodes if node.name == name and not node.graph)


def test_nothing_is_listed_before_something_asks(program):
    assert program._report.listing is None


def test_every_node_is_there_with_its_inputs(program, listing):
    own = [node for node in listing.nodes if not node.graph]
    graphs = [node for node in program.graph.nodes if node.op == "get_attr"]
    assert [node.name for node in own] == [node.name for node in program.graph.nodes if node not in graphs]
    assert all(number < at for at, node in enumerate(listing.nodes) for number in node.inputs)
    linear = named(listing, "linear")
    assert [listing.nodes[number].name for number in linear.inputs] == [
        "add", "p_blocks_0_lin_weight", "p_blocks_0_lin_bias"
    ]  # fmt: skip
    assert linear.target == "aten.linear.default"


def test_nodes_have_module_shape_and_line(listing):
    linear = named(listing, "linear")
    assert (linear.module, linear.value[:4], linear.value[-4:]) == ("blocks.0.lin", "f32[", ", 4]")
    place = listing.places[named(listing, "add").place]
    assert place.file == __file__
    assert "x = x + 1" in listing.sources[__file__].splitlines()[place.line - 1]
    assert (listing.modules["blocks.0"], listing.modules["blocks.0.lin"]) == ("Block", "Linear")


def test_inputs_weights_and_outputs_have_their_kind(listing):
    kinds = {node.name: (node.kind, node.target) for node in listing.nodes if not node.graph}
    assert kinds["x"] == ("input", "x")
    assert kinds["p_blocks_0_lin_weight"] == ("weight", "blocks.0.lin.weight")
    assert kinds["output"] == ("output", "output")


def test_an_issue_is_carried_by_one_assertion_in_each_of_its_modules(program, listing):
    (issue,) = [issue for issue in program._report.issues if issue.code == "TD101"]
    carrying = [node for node in listing.nodes if program._report.issues.index(issue) in node.issues]
    assert [node.module for node in carrying] == ["blocks.0", "blocks.1"]
    assert carrying[0].name == issue.node


def test_the_sides_of_a_branch_are_listed_before_the_operator(listing):
    graphs = {node.graph for node in listing.nodes} - {""}
    assert len(graphs) == 2
    cond = next(node for node in listing.nodes if node.target == "cond")
    ends = [listing.nodes[number] for number in cond.inputs if listing.nodes[number].graph]
    assert {node.graph for node in ends} == graphs
    assert {node.kind for node in ends} == {"output"}
    inputs = [node for node in listing.nodes if node.graph and node.kind == "input"]
    assert [[listing.nodes[number].name for number in node.inputs] for node in inputs] == [["linear_1"]] * len(inputs)


def test_it_goes_through_json(program, listing):
    text = program._report.listed().to_json()
    assert Report.from_json(text).listing == listing
    assert Report.from_json(program._report.listed().to_json(indent=None)).listing == listing
    assert '"listing"' not in program._report.to_json()
    assert text.count("\n") < program._report.to_json().count("\n") + len(listing.nodes) + 5


def test_a_saved_program_is_listed_again(program, listing, tmp_path):
    torchdraft.save(program, tmp_path / "m.pt2")
    again = torchdraft.load(tmp_path / "m.pt2")._report.listed().listing
    assert [(n.name, n.module, n.value, n.inputs, n.issues) for n in again.nodes] == [
        (n.name, n.module, n.value, n.inputs, n.issues) for n in listing.nodes
    ]
    assert again.places == listing.places


def test_a_saved_report_has_the_nodes_and_no_source(program, listing, tmp_path):
    torchdraft.save(program, tmp_path / "m.pt2")
    files = {"torchdraft/report.json": ""}
    torch.export.load(tmp_path / "m.pt2", extra_files=files)
    stored = Report.from_json(files["torchdraft/report.json"])
    assert stored.listing == replace(listing, sources={})
    loaded = torchdraft.load(tmp_path / "m.pt2")._report
    assert loaded.listing is None
    assert loaded.listed().listing.sources


def test_a_program_that_cannot_be_listed_is_saved(program, tmp_path, monkeypatch):
    monkeypatch.setattr(torchdraft._archive, "ProgramGraph", None)
    torchdraft.save(program, tmp_path / "m.pt2")
    monkeypatch.undo()
    assert torchdraft.load(tmp_path / "m.pt2")._report.issues


def test_copies_keep_the_graph_and_pickles_do_not(program):
    report = program._report
    assert copy.deepcopy(report).listed().listing is not None
    assert pickle.loads(pickle.dumps(report)).listed().listing is None


def test_a_report_does_not_hold_the_weights(program):
    assert not list(program._report.list_nodes.graph_module.parameters())
