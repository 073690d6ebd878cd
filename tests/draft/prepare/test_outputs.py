"""Outputs of `forward` in a form that a graph can return."""

from __future__ import annotations

import collections

import pytest
import torch

from torchdraft._draft.prepare.outputs import iterators_materialized, with_a_leaf, with_static_outputs
from torchdraft._torch import pytree

X = torch.ones(2)


def again(value):
    leaves, spec = pytree.tree_flatten(with_static_outputs(value))
    assert all(leaf is None or isinstance(leaf, (torch.Tensor, int, float)) for leaf in leaves)
    return pytree.tree_unflatten(leaves, spec)


@pytest.mark.parametrize(
    "value",
    [
        {"a", 2},
        [slice(0, 3, None), range(4)],
        ("text", torch.float32, len),
        {torch.float32: 1, ("a", 1): 2},
        collections.OrderedDict(a="text", b=collections.deque([range(2)])),
        torch.Size([2, 3]),
    ],
    ids=["set", "slice and range", "text, dtype and function", "dict of odd keys", "containers", "torch.Size"],
)
def test_a_value_is_rebuilt_from_leaves_of_a_graph(value):
    assert again(value) == value
    assert type(again(value)) is type(value)


def test_tensors_stay_leaves():
    rebuilt = again({"proxy": {"x": X}, "results": X.max(0)})
    assert rebuilt["proxy"]["x"] is X
    assert type(rebuilt["results"]) is torch.return_types.max


def test_iterators_become_lists():
    assert iterators_materialized((iter([1, 2]), {"a": 1}.keys(), [map(str, (1,))])) == ([1, 2], ["a"], [["1"]])


@pytest.mark.parametrize("value", [None, (), {"a": []}, "text"])
def test_an_output_without_leaves_gets_one(value):
    leaves, spec = pytree.tree_flatten(with_a_leaf(with_static_outputs(value)))
    assert leaves == [None]
    assert pytree.tree_unflatten(leaves, spec) == value
