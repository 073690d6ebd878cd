"""Export's notes on each node are made faster, and are the same."""

from typing import NamedTuple

import pytest
import torch
from torch import nn
from torch.export import Dim
from torch.utils import _pytree as pytree

import torchdraft
from torchdraft._torch.patches.speed import bookkeeping
from torchdraft._torch.patching import inventory


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
        with torch.no_grad():
            scale = q.square().mean()
        return x + self.out(nn.functional.scaled_dot_product_attention(q, k, v)) * scale


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.rnn = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LSTM(4, 5, batch_first=True)

    def forward(self, x):
        y = self.norm(self.conv(x.to(memory_format=torch.channels_last))).relu_()
        z, _ = self.rnn(y.mean(3).permute(0, 2, 1))
        return y, z.mT, x.new_zeros(0, 3), x[..., ::2], y[y > 0]


EXAMPLES = {
    "attention": (Attention, torch.randn(2, 5, 8), {0: Dim.DYNAMIC, 1: Dim.DYNAMIC}),
    "images": (Images, torch.randn(2, 3, 8, 8), {0: Dim.DYNAMIC}),
}


def notes(program):
    return [
        (node.name, str(node.target), {key: str(value) for key, value in node.meta.items()})
        for node in program.graph.nodes
    ]


@pytest.mark.filterwarnings("ignore:The tensor attributes self.rnn")
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_node_says_what_export_says(name, dynamic):
    model, x, shapes = EXAMPLES[name]
    model = model()
    dynamic_shapes = {"x": shapes} if dynamic else None
    plain = torch.export.export(model, (x,), dynamic_shapes=dynamic_shapes, strict=False)
    drafted = torchdraft.draft_export(model, (x,), dynamic_shapes=dynamic_shapes)
    assert notes(drafted) == notes(plain)


def test_another_note_would_be_seen(monkeypatch):
    own = bookkeeping.tensor_metadata
    monkeypatch.setattr(bookkeeping, "tensor_metadata", lambda *args: own(*args)._replace(requires_grad=None))
    model, x, _ = EXAMPLES["attention"]
    model = model()
    plain = torch.export.export(model, (x,), strict=False)
    assert notes(torchdraft.draft_export(model, (x,))) != notes(plain)


def test_upstream_is_restored():
    before = inventory.current()
    torchdraft.draft_export(Attention(), (torch.randn(2, 5, 8),))
    assert inventory.current() == before


class Pair(NamedTuple):
    one: int
    two: int


class Triple(tuple):
    __slots__ = ()


@pytest.mark.parametrize(
    "tree", [Pair(1, 2), Triple((1, 2, 3)), (1,), [1], {}, 1, None, torch.ones(1), Pair, torch.Size([1])]
)
def test_the_type_of_a_node_is_as_upstream_has_it(tree):
    assert bookkeeping.node_type(tree) is pytree._get_node_type(tree)
