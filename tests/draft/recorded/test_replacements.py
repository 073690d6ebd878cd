"""`forward` is replaced for the time of a trace, and is the original one during the real run and afterwards."""

from __future__ import annotations

import pytest
import torch

from torchdraft._draft.recorded.frozen_result import FrozenForward
from torchdraft._draft.recorded.island import Island
from torchdraft._draft.recorded.replacements import forward_replaced
from torchdraft._draft.tracing.context import TraceContext
from torchdraft._torch.patching.changes import mark, undo_since


class Pair(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(2, 2)
        self.second = torch.nn.Linear(2, 2)
        self.third = self.first
        self.second.forward = own_forward


def own_forward(x: torch.Tensor) -> torch.Tensor:
    """A `forward` that is set on a module."""
    return x


@pytest.fixture
def context() -> TraceContext:
    return TraceContext(budget=1 << 20)


def test_islands_by_name_and_each_module_once(context):
    pair = Pair()
    with forward_replaced(pair, ["first", "third", "second"], context):
        assert isinstance(pair.first.forward, Island)
        assert pair.first.forward.name == "first"
        assert isinstance(pair.second.forward, Island)
    assert "forward" not in vars(pair.first)
    assert pair.second.forward is own_forward


def test_a_frozen_result(context):
    pair = Pair()
    with forward_replaced(pair, [""], context, on_unasserted=print):
        assert isinstance(pair.forward, FrozenForward)
    assert "forward" not in vars(pair)


def test_the_real_run_calls_the_original(context):
    pair = Pair()
    with forward_replaced(pair, ["first", "second"], context):
        first, second = pair.first.forward, pair.second.forward
        with first.original_forward(), second.original_forward():
            assert "forward" not in vars(pair.first)
            assert pair.second.forward is own_forward
        assert (pair.first.forward, pair.second.forward) == (first, second)


def test_an_interrupt_leaves_nothing_replaced(context):
    pair, before = Pair(), mark()
    changes = forward_replaced(pair, ["first", "second"], context)
    changes.__enter__()  # and its `__exit__` is never reached
    pair.first.forward.original_forward().__enter__()
    undo_since(before)
    assert "forward" not in vars(pair.first)
    assert pair.second.forward is own_forward
