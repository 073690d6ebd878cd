"""A custom operator gets the user's tensors without a copy, and cannot change them."""

from queue import SimpleQueue

import numpy as np
import pytest
import torch
from torch import nn

import torchdraft
from torchdraft._tape.evaluation.copy_on_write import CopyOnWrite
from torchdraft._torch.tensors.storage import lazy_copy

SHARED: list[bool] = []
KEPT: SimpleQueue[torch.Tensor] = SimpleQueue()
"""Not a list, because a draft restores lists."""


def is_lazy(tensor):
    return torch._C._is_cow_tensor(tensor)


@torch.library.custom_op("borrowed::product", mutates_args=())
def product(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    result = x @ weight
    SHARED.append(is_lazy(weight))
    return result


@torch.library.custom_op("borrowed::scribble", mutates_args=())
def scribble(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    result = x @ weight
    weight.zero_()
    x.numpy()[:] = 7
    return result


@torch.library.custom_op("borrowed::keep", mutates_args=())
def keep(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    KEPT.put(weight)
    return x @ weight


@torch.library.custom_op("borrowed::refuse", mutates_args=())
def refuse(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    raise ValueError("not today")


for operator in (product, scribble, keep, refuse):
    operator.register_fake(lambda x, weight: x.new_empty(x.shape[0], weight.shape[1]))

LIBRARY = torch.library.Library("borrowed_low", "DEF")
LIBRARY.define("same(Tensor x, Tensor weight) -> Tensor")
LIBRARY.impl("same", lambda x, weight: weight, "CompositeExplicitAutograd")
LIBRARY.impl("same", lambda x, weight: torch.empty_like(weight), "Meta")


class Uses(nn.Module):
    def __init__(self, op, weight=None):
        super().__init__()
        self.op, self.weight = op, nn.Parameter(torch.randn(4, 4) if weight is None else weight, requires_grad=False)

    def forward(self, x):
        try:
            y = self.op(x, self.weight)
        except ValueError:
            y = x * 2
        return y + 1 if y.sum() > 100 else y - 1


@pytest.fixture(autouse=True)
def nothing_kept():
    yield
    SHARED.clear()
    while not KEPT.empty():
        KEPT.get()


def test_a_weight_is_not_copied_for_an_operator_that_reads_it():
    model, x = Uses(torch.ops.borrowed.product.default), torch.randn(2, 4)
    program = torchdraft.draft_export(model, (x,))
    assert SHARED
    assert SHARED[0]
    assert torch.equal(program.module()(x), model(x))


@pytest.mark.parametrize(
    "op",
    [
        torch.ops.borrowed.product.default,
        torch.ops.borrowed.scribble.default,
        torch.ops.borrowed.refuse.default,
        torch.ops.borrowed_low.same.default,
    ],
    ids=lambda op: op.__name__,
)
def test_afterwards_the_tensors_are_what_they_were(op):
    model, x = Uses(op), torch.randn(4, 4)
    address, seen_by_numpy, before = model.weight.data_ptr(), model.weight.numpy(), (x.clone(), model.weight.clone())
    torchdraft.draft_export(model, (x,))
    assert not is_lazy(model.weight)
    assert not is_lazy(x)
    assert torch.equal(x, before[0])
    assert torch.equal(model.weight, before[1])
    assert model.weight.data_ptr() == address
    model.weight.fill_(3)
    assert (seen_by_numpy == 3).all()


class KeepsTheError(Uses):
    def forward(self, x):
        try:
            return self.op(x, self.weight)
        except ValueError as error:
            KEPT.put(error)
            return x * 2


def test_a_traceback_that_lives_on_holds_no_weight():
    model = KeepsTheError(torch.ops.borrowed.refuse.default)
    torchdraft.draft_export(model, (torch.randn(4, 4),))
    assert not KEPT.empty()
    assert not is_lazy(model.weight)


def test_a_copy_that_the_operator_kept_has_a_life_of_its_own():
    model, x = Uses(torch.ops.borrowed.keep.default), torch.randn(4, 4)
    before = model.weight.clone()
    torchdraft.draft_export(model, (x,))
    KEPT.get().zero_()
    assert torch.equal(model.weight, before)


def test_an_operator_that_asks_to_write_from_a_parallel_loop_gets_a_plain_copy():
    weight, seen = torch.randn(4), []
    borrowed = CopyOnWrite()
    copy = borrowed.copy(weight)

    def kernel():
        seen.append(is_lazy(copy))
        if is_lazy(copy):
            raise RuntimeError("Materializing a storage in the loop function of at::parallel_for is forbidden")
        return copy + 1

    assert torch.equal(borrowed.run(kernel, [copy]), weight + 1)
    assert seen == [True, False]


def test_memory_of_numpy_is_copied():
    weight = torch.from_numpy(np.ones((4, 4), dtype=np.float32))
    assert lazy_copy(weight) is None
    model, x = Uses(torch.ops.borrowed.scribble.default, weight), torch.randn(2, 4)
    program = torchdraft.draft_export(model, (x,))
    assert model.weight.eq(1).all()
    assert program.module()(x).shape == (2, 4)


def test_a_window_keeps_its_place_and_bits():
    base = torch.randn(4, 4, dtype=torch.complex64)
    for tensor in (base[1:, ::2], base.conj()[2], base.imag.T):
        copy = lazy_copy(tensor)
        assert copy is not None
        assert torch.equal(copy, tensor)
        assert (copy.stride(), copy.storage_offset()) == (tensor.stride(), tensor.storage_offset())
        assert (copy.is_conj(), copy.is_neg()) == (tensor.is_conj(), tensor.is_neg())
