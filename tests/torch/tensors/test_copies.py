"""Copies of tensors and of wrapper subclasses, which preserve aliasing."""

from __future__ import annotations

import torch

from tests.wrappers import Pair
from torchdraft._torch.tensors.copies import copy_preserving_aliasing


def test_a_wrapper_is_copied_with_its_inner_tensors() -> None:
    nested = Pair(Pair(torch.ones(2), torch.zeros(2)), Pair(torch.zeros(2), torch.ones(2)))
    weight = torch.nn.Parameter(nested)
    copied = copy_preserving_aliasing([weight])[0]
    assert copied.requires_grad
    assert isinstance(copied, Pair)
    copied.detach().left.left.add_(1)
    assert nested.left.left.tolist() == [1.0, 1.0]
    assert copied.left.left.tolist() == [2.0, 2.0]


def test_wrappers_that_share_an_inner_tensor_share_its_copy() -> None:
    shared = torch.ones(3)
    one, other, plain = copy_preserving_aliasing([Pair(shared, shared), Pair(torch.zeros(3), shared), shared])
    plain.add_(1)
    assert one.left.tolist() == one.right.tolist() == other.right.tolist() == [2.0, 2.0, 2.0]
    assert shared.tolist() == [1.0, 1.0, 1.0]
