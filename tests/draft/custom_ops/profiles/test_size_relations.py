"""Sizes as text."""

import pytest
import torch

from torchdraft._draft.custom_ops.profiles.size_relations import check_relation, evaluate

ARGUMENTS = {"x": torch.ones(3, 4), "xs": [torch.ones(2), torch.ones(5, 6)], "k": 2, "dims": [7, 8]}


@pytest.mark.parametrize(
    ("relation", "size"),
    [
        (5, 5),
        ("5", 5),
        ("x.shape[0]", 3),
        ("x.shape[-1] * 2", 8),
        ("xs[1].shape[1] - k", 4),
        ("(x.shape[0] + 2 * k - 1) // 2 + 1", 4),
        ("min(x.shape[0], k) + max(k, 9)", 11),
        ("-k + dims[1]", 6),
        ("x.shape[1] % 3", 1),
    ],
)
def test_it_is_computed(relation, size):
    check_relation(relation)
    assert evaluate(relation, ARGUMENTS) == size


@pytest.mark.parametrize(
    "relation",
    [
        *("", "x.", "x.numel()", "x.data", "x.shape", "open('f')", "x.shape[k]", "x.shape[0:1]", "x.shape[0] / 2"),
        *("1.5", "True", "'a'", "min(k)", "max(k, 1, key=k)", "k if k else 1", "[k][0]", "x.__class__.shape[0]"),
        *(1.5, True, None, [1]),
    ],
)
def test_anything_else_is_refused(relation):
    with pytest.raises(ValueError, match="expected"):
        check_relation(relation)


@pytest.mark.parametrize("relation", ["y.shape[0]", "x.shape[2]", "k.shape[0]", "xs.shape[0]"])
def test_what_the_operator_does_not_have_is_named(relation):
    with pytest.raises(ValueError, match="cannot be computed from"):
        evaluate(relation, ARGUMENTS)
