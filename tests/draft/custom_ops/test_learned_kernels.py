"""Which operators a draft may run on its own account, and that learned kernels are registered for a while only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
import torch

from torchdraft._draft.custom_ops.learned_kernels import LearnedKernel, LearnedKernels, may_be_run
from torchdraft._torch.library import has_written_fake
from torchdraft.model.events import KernelMissing


@pytest.fixture
def library() -> Iterator[torch.library.Library]:
    with torch.library._scoped_library("td_learned", "FRAGMENT") as made:
        yield made


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("(Tensor x) -> Tensor", True),
        ("(Tensor[] xs, int n, *, Tensor? y=None) -> (Tensor, Tensor?, Tensor[], SymInt)", True),
        ("(Tensor(a!) x) -> ()", False),
        ("(Tensor(a) x) -> Tensor(a)", False),
        ("(Tensor x) -> (Tensor, int)", False),
        ("(Tensor x) -> float", False),
    ],
)
def test_the_schema_says_whether_an_operator_may_be_run(
    library: torch.library.Library, schema: str, expected: bool
) -> None:
    library.define("op" + schema)
    assert may_be_run(torch.ops.td_learned.op.default) == expected


def test_a_composite_operator_is_not_run(library: torch.library.Library) -> None:
    library.define("op(Tensor x) -> Tensor")
    library.impl("op", lambda x: x + 1, "CompositeImplicitAutograd")
    assert not may_be_run(torch.ops.td_learned.op.default)


def test_a_kernel_is_registered_inside_of_the_block_only(library: torch.library.Library) -> None:
    library.define("op(Tensor x) -> Tensor")
    op = torch.ops.td_learned.op.default
    learned = LearnedKernels(
        {op: LearnedKernel(torch.empty_like, KernelMissing(op="td_learned.op.default"), "missing")}
    )
    with contextlib.suppress(ZeroDivisionError), learned.registered():
        assert has_written_fake(op)
        raise ZeroDivisionError
    assert not has_written_fake(op)
