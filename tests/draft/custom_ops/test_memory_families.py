"""Which later writes may reach the memory of an operator's arguments or results."""

from __future__ import annotations

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from torchdraft._draft.custom_ops.memory_families import MemoryFamilies

LIB = torch.library.Library("td_families", "DEF")
LIB.define("op(Tensor x) -> Tensor")
LIB.impl("op", lambda x: x * 2, "CompositeExplicitAutograd")
OP = torch.ops.td_families.op


def written_result(x):
    return OP(x).add_(1)


def written_view_of_result(x):
    z = OP(x)
    z[0].add_(1)
    return z


def written_argument(x):
    y = x + 1
    z = OP(y.t())
    y.view(-1).add_(1)
    return z


def written_before(x):
    y = (x + 1).add_(1)
    return OP(y)


def written_copy(x):
    z = OP(x)
    (z + 1).add_(1)
    return z


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (written_result, True),
        (written_view_of_result, True),
        (written_argument, True),
        (written_before, False),
        (written_copy, False),
    ],
)
def test_writes_are_found(model, expected):
    graph = make_fx(model)(torch.ones(3, 3)).graph
    (node,) = graph.find_nodes(op="call_function", target=OP.default)
    assert MemoryFamilies(graph, {node}).is_written(node) is expected
