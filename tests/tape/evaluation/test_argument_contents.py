"""Undeclared writes to arguments are found, and nothing else is taken for one."""

from __future__ import annotations

import pytest
import torch

from torchdraft._tape.evaluation.argument_contents import ArgumentContents
from torchdraft._tape.tape import Tape

LIB = torch.library.Library("td_contents", "DEF")
LIB.define("op(Tensor x, Tensor(a!) y, Tensor[] zs) -> ()")
OP = torch.ops.td_contents.op.default


def changed(write, x=None):
    x = torch.ones(3) if x is None else x
    args = (x, torch.zeros(3), [torch.zeros(2), torch.full((2,), torch.nan)])
    contents = ArgumentContents(Tape().open(OP, args, {}), args, {})
    write(args)
    return contents.changed()


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda args: None, ()),
        (lambda args: args[0].add_(1), (0,)),
        (lambda args: args[1].add_(1), ()),
        (lambda args: args[2][1].zero_(), (3,)),
        (lambda args: args[0].numpy().fill(5), (0,)),
        (lambda args: args[0].resize_(2), (0,)),
        (lambda args: args[0].set_(torch.zeros(3)), (0,)),
        (lambda args: args[0].set_(torch._lazy_clone(torch.zeros(3))), (0,)),
        (lambda args: args[0].as_strided_((3,), (0,)), ()),
        (lambda args: args[0].data_ptr(), ()),
    ],
)
def test_undeclared_writes_are_found(write, expected):
    assert changed(write) == expected


def test_another_view_of_the_same_memory_is_a_change():
    assert changed(lambda args: args[0].t_(), torch.arange(4.0).reshape(2, 2)) == (0,)


def test_a_large_argument_that_is_only_read_is_not_copied():
    weight = torch.ones(1 << 20)
    args = (weight, torch.zeros(3), [])
    contents = ArgumentContents(Tape().open(OP, args, {}), args, {})
    assert [given is weight for given in contents.shared] == [True]
    weight.sum()
    assert [given is weight for given in contents.shared] == [True]
    assert contents.changed() == ()


def test_tensors_without_plain_memory_are_left_out():
    assert changed(lambda args: None, torch.eye(3).to_sparse()) == ()
