"""Drawn values are similar to those of the example and within its bounds."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from torchdraft._verify.inputs.values import KINDS, Draw, Observed, fill

INTEGERS = st.lists(st.integers(-20, 20), min_size=1, max_size=6)
SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
SEEDS = st.integers(0, 2**20)


def drawn(kind: str, seen: Observed, shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    tensor = torch.empty(shape, dtype=seen.dtype)
    fill(tensor, KINDS[kind](seen, shape, torch.Generator().manual_seed(seed)))
    return tensor


@pytest.mark.parametrize("kind", KINDS)
@given(values=INTEGERS, shape=SHAPES, seed=SEEDS)
def test_integers_stay_where_they_were_seen(kind: str, values: list[int], shape: tuple[int, ...], seed: int) -> None:
    made = drawn(kind, Observed.of(torch.tensor(values)), shape, seed)
    assert made.shape == shape
    if kind in ("values from a wider range", "a few elements beyond the range"):
        assert bool((made >= 0).all()) or min(values) < 0
    elif made.numel():
        assert min(values) <= int(made.min()) <= int(made.max()) <= max(values)


@pytest.mark.parametrize("kind", KINDS)
@given(values=st.lists(st.integers(0, 9), min_size=1), limit=st.integers(10, 30), seed=SEEDS)
def test_integers_stay_inside_their_table(kind: str, values: list[int], limit: int, seed: int) -> None:
    made = drawn(kind, Observed.of(torch.tensor(values), limit=limit), (5,), seed)
    assert 0 <= int(made.min()) <= int(made.max()) < limit


@given(values=INTEGERS, seed=SEEDS)
def test_integers_whose_table_is_unknown_are_not_widened(values: list[int], seed: int) -> None:
    made = drawn("values from a wider range", Observed.of(torch.tensor(values), fixed=True), (8,), seed)
    assert min(values) <= int(made.min()) <= int(made.max()) <= max(values)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "dtype",
    [torch.float32, torch.bfloat16, torch.float64, torch.bool, torch.uint8, torch.int8, torch.complex64],
)
def test_every_kind_draws_every_dtype(kind: str, dtype: torch.dtype) -> None:
    example = torch.tensor([[0, 1], [1, 0]]).to(dtype)
    for shape in ((2, 2), (3,), (), (0, 2)):
        assert drawn(kind, Observed.of(example), shape).dtype is dtype


def test_a_narrow_dtype_is_not_left() -> None:
    example = torch.tensor([0, 250], dtype=torch.uint8)
    for seed in range(20):
        drawn("values from a wider range", Observed.of(example), (50,), seed)


def test_one_sided_floats_stay_so() -> None:
    seen = Observed.of(torch.tensor([0.2, 0.9]))
    made = drawn("values alike", seen, (100,))
    assert 0.2 <= float(made.min()) <= float(made.max()) <= 0.9


def test_other_floats_take_both_signs() -> None:
    made = drawn("values alike", Observed.of(torch.tensor([-1.0, 3.0])), (100,))
    assert float(made.min()) < 0 < float(made.max())


@pytest.mark.parametrize("example", [torch.tensor([float("nan"), 1.0]), torch.tensor([float("inf")]), torch.empty(0)])
@pytest.mark.parametrize("kind", KINDS)
def test_strange_examples_are_drawn_from(kind: str, example: torch.Tensor) -> None:
    assert drawn(kind, Observed.of(example), (3,)).shape == (3,)


def test_what_each_kind_is() -> None:
    seen = Observed.of(torch.tensor([1.0, -2.0, 3.0]))
    assert drawn("zeros", seen, (3,)).tolist() == [0, 0, 0]
    assert drawn("ones", seen, (3,)).tolist() == [1, 1, 1]
    assert drawn("values kept", seen, (4,)).tolist() == [1, -2, 3, 1]
    assert drawn("values negated", seen, (3,)).tolist() == [-1, 2, -3]
    assert sorted(drawn("values permuted", seen, (3,)).tolist()) == [-2, 1, 3]
    assert len(set(drawn("values all equal", seen, (3,)).tolist())) == 1
    assert int((drawn("one element changed", seen, (3,)) != seen.values).sum()) == 1
    assert int(drawn("a NaN among the values", seen, (3,)).isnan().sum()) == 1
    assert 0 < float((drawn("values nearby", seen, (3,)) - seen.values).abs().max()) < 2
    assert drawn("values negated", Observed.of(torch.tensor([True, False])), (2,)).tolist() == [False, True]
    assert drawn("zeros", Observed.of(torch.tensor([3, 5])), (2,)).tolist() == [3, 3]


@pytest.mark.parametrize("draw", KINDS.values(), ids=KINDS)
def test_the_same_seed_draws_the_same(draw: Draw) -> None:
    seen = Observed.of(torch.randn(4))
    one, two = (draw(seen, (6,), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one.nan_to_num(), two.nan_to_num())


def test_any_tensor_can_be_filled() -> None:
    turned = torch.zeros(2, 3).t()
    fill(turned, torch.arange(6).reshape(3, 2))
    assert turned.tolist() == [[0, 1], [2, 3], [4, 5]]
    leaf = torch.zeros(2, requires_grad=True)
    fill(leaf, torch.ones(2))
    assert leaf.tolist() == [1, 1]
