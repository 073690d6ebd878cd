"""What a Python kernel returned is seen before the dispatcher converts it."""

from __future__ import annotations

import cProfile
import sys

import pytest
import torch

from torchdraft._tape.evaluation.kernel_returns import call_seen

LIB = torch.library.Library("td_returns", "DEF")
LIB.define("op(Tensor x, bool as_tuple) -> Tensor[]")


def _kernel(x, as_tuple):
    return (x + 1, x.abs()) if as_tuple else [x + 1]


LIB.impl("op", _kernel, "CPU")


@pytest.mark.parametrize(("as_tuple", "kind"), [(True, tuple), (False, list)])
def test_the_class_is_seen(as_tuple, kind):
    before = sys.getprofile()
    out, seen = call_seen(torch.ops.td_returns.op.default, (torch.ones(2), as_tuple), {})
    assert seen is kind
    assert type(out) is list
    assert sys.getprofile() is before


def test_a_profiler_goes_on():
    profiler = cProfile.Profile()
    with profiler:
        out, _ = call_seen(torch.ops.td_returns.op.default, (torch.ones(2), True), {})
        _kernel(torch.ones(2), True)
    assert type(out) is list
    called = {entry.code.co_name: entry.callcount for entry in profiler.getstats() if not isinstance(entry.code, str)}
    assert called["_kernel"] == 2


def test_a_python_profiler_goes_on():
    seen = []
    sys.setprofile(lambda frame, event, _value: seen.append((frame.f_code.co_name, event)))
    try:
        call_seen(torch.ops.td_returns.op.default, (torch.ones(2), True), {})
        _kernel(torch.ones(2), True)
    finally:
        sys.setprofile(None)
    assert seen.count(("_kernel", "call")) == 2


def test_a_kernel_in_c_returns_nothing_that_is_seen():
    assert call_seen(torch.ops.aten.add.Tensor, (torch.ones(2), 1), {})[1] is None
