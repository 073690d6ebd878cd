"""Fake kernels are compared with the real ones. If they differ, the program follows the real ones."""

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.liars import CALLS, HONEST, LIARS, OPS
from tests.draft.custom_ops.ops import Nested, example

DYNAMIC = {"x": {0: torch.export.Dim("b", min=3, max=64)}}


def draft(model, dynamic=False, **options):
    shapes = DYNAMIC if dynamic else None
    return torchdraft.draft_export(
        Nested(model), (example(),), dynamic_shapes=shapes, check_on_example=False, **options
    )


def reasons(program):
    return [issue.data["reason"] for issue in program._report.issues if issue.code == "TD302"]


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize("name", LIARS)
def test_the_lie_is_told_and_the_program_follows_the_real_kernel(name, dynamic):
    model, says = LIARS[name]
    CALLS.clear()
    program = draft(model, dynamic)
    assert CALLS[name] == 1
    assert reasons(program) == [says]
    assert program._report.rung == "symbolic"
    torch.testing.assert_close(program.module()(example()), model(example()))


@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
@pytest.mark.parametrize("name", HONEST)
def test_an_honest_kernel_makes_no_issue_and_no_guard(name, dynamic):
    program = draft(HONEST[name], dynamic)
    assert program._report.issues == ()
    torch.testing.assert_close(program.module()(example()), HONEST[name](example()))
    if dynamic:
        other = torch.ones(7, 4)
        torch.testing.assert_close(program.module()(other), HONEST[name](other))


@pytest.mark.parametrize("name", ["dtype", "size", "density", "not_none", "number_of_outputs"])
def test_without_the_check_the_lie_is_believed(name, monkeypatch):
    """The tests above would prove nothing if torch itself found the error."""
    monkeypatch.setattr("torchdraft._draft.custom_ops.fake_kernels.differences", lambda *args: [])
    model, says = LIARS[name]
    try:
        program = draft(model)
    except Exception:
        return
    assert says not in reasons(program)
    with pytest.raises((AssertionError, RuntimeError, IndexError, TypeError)):  # noqa: PT012
        meta = program.graph.find_nodes(op="output")[0].args[0][0].meta["val"]
        torch.testing.assert_close(program.module()(example()), model(example()))
        assert meta.dtype == model(example()).dtype


@pytest.mark.parametrize("trusted", ["*", "td_liars", "td_liars::dtype"])
def test_a_trusted_operator_is_not_run(trusted):
    CALLS.clear()
    program = draft(LIARS["dtype"][0], trusted_ops=(trusted,))
    assert reasons(program) == []
    assert CALLS["dtype"] == 0


def test_a_signature_is_checked_once():
    def looped(x):
        y = x
        for _ in range(5):
            y = OPS.right(y)
        return y + OPS.right(x.double())

    CALLS.clear()
    assert draft(looped)._report.issues == ()
    assert CALLS["right"] == 2


def test_a_lie_in_a_loop_is_one_issue():
    def looped(x):
        for _ in range(3):
            x = OPS.size(x)[:3]
        return x

    program = draft(looped, dynamic=True)
    (issue,) = [i for i in program._report.issues if i.code == "TD302"]
    assert issue.occurrences == 3


def test_dimensions_the_lie_left_right_stay_tied_to_the_input():
    program = draft(LIARS["dtype"][0], dynamic=True)
    other = torch.ones(7, 4)
    torch.testing.assert_close(program.module()(other), LIARS["dtype"][0](other))


def test_what_the_kernels_disagree_about_is_in_the_torch_view():
    failure = draft(LIARS["dtype"][0])._report.failures[0]
    assert failure.failure_type is torchdraft.FailureType.MISMATCHED_FAKE_KERNEL
    assert failure.data["op"] == "td_liars.dtype.default"
    assert failure.data["reason"] == "dtype float32, really float64"
