"""What nodes stand for."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from torchdraft._torch.graph.values import (
    asserts,
    can_be_joined,
    differing_sizes,
    is_fresh,
    is_view_of,
    memory_of,
    number_dtype,
    returned,
    returns_its_argument,
    separate_returns,
    writes,
    written_arguments,
)

ATEN = torch.ops.aten


@pytest.fixture
def node():
    """Makes a node with a value."""
    graph = torch.fx.Graph()

    def make(value, target=None, *args):
        made = graph.placeholder("x") if target is None else graph.call_function(target, args)
        made.meta["val"] = value
        return made

    return make


@pytest.mark.parametrize(
    ("one", "two", "joined"),
    [
        (lambda: torch.ones(3), lambda: torch.ones(4), True),
        (lambda: torch.ones(3), lambda: torch.ones(3, 1), False),
        (lambda: torch.ones(3), lambda: torch.ones(3).double(), False),
        (lambda: 1, lambda: 2, True),
        (lambda: 1, lambda: 1.0, False),
        (lambda: True, lambda: 1, False),
        (lambda: 1, lambda: torch.ones(()), False),
        (lambda: None, lambda: None, False),
    ],
)
def test_what_can_be_joined(node, one, two, joined):
    with FakeTensorMode():
        assert can_be_joined(node(one()), node(two())) is joined


def test_numbers_and_their_tensors():
    assert [number_dtype(value) for value in (True, 1, 0.5)] == [torch.bool, torch.int64, torch.float64]
    assert number_dtype("1") is None


def test_memory_and_views(node):
    base = torch.ones(4)
    x = node(base)
    view, copy, added = node(base[:2], ATEN.slice.Tensor, x), node(base.clone(), ATEN.clone.default, x), None
    added = node(base, ATEN.add_.Tensor, x, 1)
    assert memory_of(x) == memory_of(view) != memory_of(copy)
    assert memory_of(node(3)) is None
    assert (is_view_of(view), is_view_of(copy), is_view_of(added)) == (x, None, None)
    assert (returns_its_argument(added), returns_its_argument(view)) == (x, None)


def test_what_is_written(node):
    x, y = node(torch.ones(2)), node(torch.ones(2))
    assert list(written_arguments(None, node(torch.ones(2), ATEN.add_.Tensor, x, y))) == [x]
    assert list(written_arguments(None, node(torch.ones(2), ATEN.add.Tensor, x, y))) == []
    assert list(written_arguments(None, node(torch.ones(2), ATEN.detach_.default, x))) == []
    assert writes(torch.fx.symbolic_trace(lambda x: ATEN.add_.Tensor(x, 1)))
    assert not writes(torch.fx.symbolic_trace(lambda x: ATEN.add.Tensor(x, 1)))


def test_fresh_memory():
    x = torch.ones(3, 2)
    assert [is_fresh(value) for value in (x, x[1:], x.T, 3)] == [True, False, False, True]


def test_assertions(node):
    assert asserts(node(None, ATEN._assert_scalar.default, True, ""))
    assert not asserts(node(None, ATEN.add.Tensor, 1, 2))


def test_differing_sizes(node):
    a, b, c = node(torch.ones(2, 3)), node(torch.ones(4, 3)), node(torch.ones(2, 5))
    assert differing_sizes(a, b) is None
    assert differing_sizes(a, c) == [2, None]


def test_each_return_is_a_node():
    graph = torch.fx.Graph()
    x = graph.placeholder("x")
    x.meta["val"] = torch.ones(2)
    graph.output((x, [x, 3], None))
    separate_returns(graph)
    nodes = graph.find_nodes(op="call_function", target=returned)
    assert [node.args[0] for node in nodes] == [x, x, 3]
    (given,) = next(iter(graph.find_nodes(op="output"))).args
    assert given == (nodes[0], [nodes[1], nodes[2]], None)
