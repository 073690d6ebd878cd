"""Which sizes can be changed alone, and which only together."""

from __future__ import annotations

import torch

from torchdraft._synthesis.experiments.calls import Call, TensorSpec
from torchdraft._synthesis.experiments.changes import Address, read
from torchdraft._synthesis.experiments.links import find_groups


def spec(*shape: int) -> TensorSpec:
    return TensorSpec(shape, torch.float32)


def groups(call: Call, accepts: object) -> set[frozenset[tuple[int, int]]]:
    found = find_groups(call, accepts)  # type: ignore[arg-type]
    return {frozenset((address.argument, address.dim) for address, _ in group) for group in found}


def test_the_inner_sizes_of_a_product_belong_together() -> None:
    call = Call((spec(4, 4), spec(4, 4)))
    found = groups(call, lambda c: c.values[0].shape[1] == c.values[1].shape[0])
    assert found == {frozenset({(0, 0)}), frozenset({(1, 1)}), frozenset({(0, 1), (1, 0)})}


def test_three_sizes_that_belong_together() -> None:
    call = Call((spec(4, 4), spec(4, 4), spec(4, 4)))
    found = groups(call, lambda c: len({tensor.shape[1] for tensor in c.tensors()}) == 1)
    assert frozenset({(0, 1), (1, 1), (2, 1)}) in found
    assert len(found) == 4


def test_a_multiple() -> None:
    call = Call((spec(6), 2))
    (group,) = (g for g in find_groups(call, lambda c: c.values[0].shape[0] == 3 * c.values[1]) if len(g) == 2)
    assert dict(group) == {Address("number", 1): 1, Address("size", 0): 3}
    assert read(call, Address("size", 0)) == 6


def test_what_never_changes_is_in_no_group() -> None:
    call = Call((spec(4), 4))
    assert groups(call, lambda c: c == call) == set()
