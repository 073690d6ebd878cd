"""Which sizes can be changed alone, and which only together."""

from __future__ import annotations

import torch

from torchdraft._synthesis.experiments.calls import Call, TensorSpec
from torchdraft._synthesis.experiments.changes import Address, read
from torchdraft._synthesis.experiments.links import find_groups


def spec(*shape: int) -> TensorSpec:
    return TensorSpec(shape, torch.float32)


def groups(call: Call, accepts: object) -> set[frozenset[tuple[int, int]]]:
    found, _ = find_groups(call, accepts)  # type: ignore[arg-type]
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
    found, _ = find_groups(call, lambda c: c.values[0].shape[0] == 3 * c.values[1])
    (group,) = (g for g in found if len(g) == 2)
    assert dict(group) == {Address("number", 1): 1, Address("size", 0): 3}
    assert read(call, Address("size", 0)) == 6


def test_what_never_changes_is_in_no_group() -> None:
    call = Call((spec(4), 4))
    assert groups(call, lambda c: c == call) == set()


def _broadcasts(call: Call) -> bool:
    sizes = {tensor.shape[0] for tensor in call.tensors()}
    return len(sizes - {1}) < 2


def test_sizes_that_are_broadcast_belong_together_and_may_be_1() -> None:
    call = Call((spec(2, 6), spec(2, 7), spec(2, 8)))
    found, broadcast = find_groups(call, _broadcasts)
    assert {frozenset((a.argument, a.dim) for a, _ in group) for group in found} == {
        frozenset({(0, 0), (1, 0), (2, 0)}),
        frozenset({(0, 1)}),
        frozenset({(1, 1)}),
        frozenset({(2, 1)}),
    }
    assert [(a.argument, a.dim) for a in broadcast] == [(0, 0), (1, 0), (2, 0)]


def test_a_size_that_may_be_nothing_but_1_or_what_it_is_stays_in_a_group_of_its_own() -> None:
    found, broadcast = find_groups(Call((spec(5),)), lambda c: c.values[0].shape[0] in (1, 5))
    assert found == [((Address("size", 0, dim=0), 1),)]
    assert broadcast == []
