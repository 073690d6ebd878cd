"""Operations that name no module get one, so that a program can be unflattened."""

from __future__ import annotations

import torch

from torchdraft._draft.finish.lowering.module_stacks import fill_module_stacks


def test_the_modules_of_the_first_user_or_of_the_operation_before():
    graph = torch.fx.Graph()
    x = graph.placeholder("x")
    inserted = graph.call_function(torch.relu, (x,))
    known = graph.call_function(torch.sin, (inserted,))
    last = graph.call_function(torch.cos, (known,))
    graph.output(last)
    known.meta["nn_module_stack"] = {"a": ("a", "A")}
    assert not fill_module_stacks(graph)
    assert [node.meta.get("nn_module_stack") for node in (inserted, known, last)] == [{"a": ("a", "A")}] * 3
    assert "nn_module_stack" not in x.meta
