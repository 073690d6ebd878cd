"""Calls of one signature are run for real once."""

import pytest
import torch

import torchdraft
from tests.draft.custom_ops import liars, ops
from tests.draft.custom_ops.ops import OPS, Nested, define, example

OPS_BY_STATE = torch.ops.td_missing
define("moody(Tensor x) -> Tensor", lambda x: x + 1 if x.sum() > 0 else x.double())
define("first(Tensor x, Tensor y) -> Tensor", lambda x, y: x * 1 if x.data_ptr() != y.data_ptr() else x.double())


def draft(fn):
    ops.CALLS.clear()
    liars.CALLS.clear()
    return torchdraft.draft_export(Nested(fn, depth=0), (example(),), check_on_example=False)


def test_seven_equal_calls_of_an_operator_without_kernel_are_one_run():
    def model(x):
        return [OPS.double(x + i) for i in range(7)]

    program = draft(model)
    assert ops.CALLS["double"] == 1
    assert program._report.stats.ops_evaluated == 2
    (issue,) = program._report.issues
    assert (issue.code, issue.occurrences) == ("TD301", 7)
    for x in (example(), -example()):
        torch.testing.assert_close(program.module()(x), model(x))


def test_seven_equal_calls_of_a_wrong_kernel_are_one_run():
    def model(x):
        return sum(liars.OPS.dtype(x + i) for i in range(7))

    program = draft(model)
    assert liars.CALLS["dtype"] == 1
    (issue,) = program._report.issues
    assert (issue.code, issue.occurrences) == ("TD302", 7)
    torch.testing.assert_close(program.module()(example()), model(example()))


def test_a_call_that_differs_from_the_first_one_raises():
    program = draft(lambda x: OPS.moody(x).sum() + OPS.moody(x - 9).sum())
    with pytest.raises(RuntimeError):
        program.module()(example())


def test_values_of_one_call_are_not_those_of_another():
    """Numbers, and sizes of sparse tensors, are those of the run."""

    def model(x):
        numbers = OPS.mean(x) + OPS.mean(x + 1)
        return x + numbers + (OPS.sparse(x).to_dense() + OPS.sparse(x * 0).to_dense())

    program = draft(model)
    torch.testing.assert_close(program.module()(example()), model(example()))


def test_arguments_that_share_memory_have_a_signature_of_their_own():
    def model(x):
        return OPS.first(x, x + 1).sum() + OPS.first(x, x).sum()

    program = draft(model)
    torch.testing.assert_close(program.module()(example()), model(example()))
