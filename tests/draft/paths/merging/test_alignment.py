"""When arguments, graphs and tensors of two paths correspond."""

from __future__ import annotations

import math

import pytest
import torch

from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right, drafted, outcome
from torchdraft._draft.paths import explore
from torchdraft._draft.paths.merging.alignment import Alignment, same_constant, same_graphs, shared_memory


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        (math.nan, math.nan, True),
        ("mean", "mean", True),
        ("mean", "sum", False),
        (torch.float32, torch.float32, True),
        (None, None, True),
        (None, 0, False),
    ],
)
def test_plain_arguments(one, two, same):
    assert same_constant(one, two) is same


def test_inner_graphs():
    def graph(number):
        return torch.fx.symbolic_trace(lambda x: x + number)

    assert same_graphs(graph(1), graph(1))
    assert not same_graphs(graph(1), graph(2))
    assert same_graphs(None, None)
    assert not same_graphs(graph(1), None)


def test_memory_that_nodes_share():
    graph = torch.fx.Graph()
    base = torch.ones(3)
    nodes = []
    for value in (base, base[:2], torch.ones(3), 4):
        node = graph.placeholder(f"x{len(nodes)}")
        node.meta["val"] = value
        nodes.append(node)
    assert list(shared_memory(tuple(nodes))) == [base.untyped_storage()._cdata]


class WritesJoined(torch.nn.Module):
    """What follows the branch writes to a view of a tensor that each side has its own of."""

    def forward(self, x):
        if x[0] > 0:
            a = x * 2
            v = a[:2]
        else:
            a = x * 3
            v = a[1:]
        v.mul_(2)
        return a, v


def test_writes_behind_the_branch_to_shared_memory_belong_to_the_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_right(WritesJoined(), (UP,), (DOWN,), (MIXED,))
    monkeypatch.setattr(Alignment, "_written_later", lambda *_: None)
    monkeypatch.setattr(Alignment, "separated", lambda *_: set())
    monkeypatch.setattr(explore, "disagreement", lambda *_: "")
    program = drafted(WritesJoined(), (UP,), check_on_example=False)
    assert outcome(WritesJoined(), program, (DOWN,)) not in ("right", "loud")


class OneOrTwoTensors(torch.nn.Module):
    """The end uses one tensor twice on one side, and two tensors on the other."""

    def forward(self, x):
        a = x * 2
        b = a if x.sum() > 0 else x * 3
        return a + b, a - b


def test_one_tensor_on_one_side_and_two_on_the_other() -> None:
    assert_right(OneOrTwoTensors(), (UP,), (DOWN,), (MIXED,))


class Weights(torch.nn.Module):
    """Each side uses a weight of its own in the same way."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

    def forward(self, x):
        return (self.one if x.sum() > 0 else self.two)(x).relu()


def test_sides_with_weights_of_their_own() -> None:
    assert_right(Weights(), (UP,), (DOWN,), (MIXED,))
