"""Sizes become nodes that compute them."""

from __future__ import annotations

import torch
from torch.export import Dim
from torch.utils._pytree import SequenceKey

from torchdraft._torch.graph.size_nodes import SizeNodes, fake_mode_of, rebound


class Model(torch.nn.Module):
    def forward(self, x):
        return torch.cat([x, x]) + 1


def program():
    return torch.export.export(Model(), (torch.ones(3, 4),), dynamic_shapes=({0: Dim("n", min=2)},))


def test_an_expression_is_computed_from_the_tensor_that_has_its_symbol():
    exported = program()
    graph = exported.graph_module.graph
    x, *_, out = graph.nodes
    cat = graph.find_nodes(op="call_function", target=torch.ops.aten.cat.default)[0]
    sizes = SizeNodes()
    sizes.note(x)
    number = sizes.number(cat.meta["val"].shape[0], out)
    assert number.meta["val"] == cat.meta["val"].shape[0]
    out.args = ((number,),)
    exported.graph_module.recompile()
    assert exported.graph_module(torch.ones(5, 4)) == (10,)


def test_a_number_is_itself_and_an_unknown_symbol_nothing():
    graph = program().graph_module.graph
    x, *_, out = graph.nodes
    assert SizeNodes().number(4, out) == 4
    assert SizeNodes().number(x.meta["val"].shape[0], out) is None
    assert fake_mode_of(graph) is x.meta["val"].fake_mode


def test_bindings_follow_their_results():
    bindings = {"u0": (SequenceKey(1), "size"), "u1": (SequenceKey(0), SequenceKey(2), "size"), "u2": (SequenceKey(3),)}
    moved = rebound(bindings, [((1,), 0), ((0, 2), 1)])
    assert moved == {"u0": (SequenceKey(0), "size"), "u1": (SequenceKey(1), "size")}
    assert rebound({"u0": ("size",)}, [((), 4)]) == {"u0": (SequenceKey(4), "size")}
