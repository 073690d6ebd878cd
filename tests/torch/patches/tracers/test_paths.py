"""The patches for traces of single paths."""

from __future__ import annotations

import torch

from torchdraft._torch.patches.tracers.paths import (
    inner_names_differ,
    no_deferred_assertions,
    regions_stay_flat,
    rows_by_turns,
)


def test_regions_stay_flat():
    assert regions_stay_flat(None)("module", "signature") == ("module", "signature")


def test_no_assertions_are_inserted():
    assert no_deferred_assertions(None)(1, 2, three=3) is None


def test_rows_of_a_fixed_number_are_torchs():
    iterate = rows_by_turns(lambda _tensor: "torch's", None)
    assert iterate(torch.ones(3)) == "torch's"
    assert iterate(torch.ones(())) == "torch's"


def test_names_of_inner_graphs_differ():
    graph = torch.fx.Graph()
    x = graph.placeholder("x")
    one, two = graph.call_function(torch.relu, (x,)), graph.call_function(torch.relu, (x,))
    graph.output((one, two))
    module = torch.fx.GraphModule(torch.nn.Module(), graph)
    two.name = one.name
    inner_names_differ(lambda _module: None)(module)
    assert len({node.name for node in graph.nodes}) == 4
    assert all(torch.equal(out, torch.ones(2)) for out in module(torch.ones(2)))
