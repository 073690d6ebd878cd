"""The values of unfinished expressions are read of running frames, and instructions have one place."""

from __future__ import annotations

import asyncio.base_events
import sys
import types

import pytest
import torch

from torchdraft._stack import evaluation_stack
from torchdraft._stack.evaluation_stack import NULL, pending, stack_depths
from torchdraft._stack.instructions import instruction

pytestmark = pytest.mark.skipif(not evaluation_stack.readable, reason="this Python keeps its stack in another way")


def seen(*_args, **_kwargs):
    return pending(sys._getframe(1))


class Asked:
    def __bool__(self):
        self.found = pending(sys._getframe(1))
        return True

    def __add__(self, _other):
        return pending(sys._getframe(1))


def test_operands_and_displays():
    assert [3, seen(1)][1].values == [3]
    one, other = 1.5, "text"
    assert (one, (other, seen(a=1)))[1][1].values == [one, other]
    assert {"a": one, "b": seen()}["b"].values == [one]
    assert seen(*[1], b=2).values == []


def test_iterators_and_managers():
    asked = Asked()
    numbers = iter([1])
    for _ in numbers:
        if asked:
            pass
        assert asked.found.values == [numbers]
        with torch.no_grad():
            found = seen()
            assert found.values[0] is numbers
            assert found.values[1].__self__.__class__ is torch.no_grad


def test_what_is_called():
    assert seen().called is seen
    assert (Asked() + 1).called is NULL

    def key(_number):
        found.append(pending(sys._getframe(1)))
        return 0

    found: list = []
    sorted([2, 1], key=key)
    assert found[0].called is sorted
    found = []
    [2, 1].sort(key=key)
    assert found[0].called.__name__ == "sort"


def test_generators_and_closures():
    free = object()

    def numbers():
        yield 1
        yield (free, seen())

    assert list(numbers())[1][1].values == [free]


def test_after_many_runs_nothing_changes():
    def asked(place):
        frames.append((sys._getframe(1).f_lasti, pending(sys._getframe(1))))
        return place

    def runs(values):
        return [7, len(values), max(values, key=asked)]

    frames: list = []
    for _ in range(100):
        runs([3, 1])
    assert {instruction(runs.__code__, lasti) for lasti, _ in frames} == {instruction(runs.__code__, frames[0][0])}
    assert all(found.values[0] == 7 and found.called is max for _, found in frames)


def codes(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from codes(const)


def test_the_depth_of_the_stack_is_known_for_all_code():
    for module in (torch.nn.functional, torch.nn.modules.module, types, asyncio.base_events):
        with open(module.__file__) as file:
            for code in codes(compile(file.read(), module.__file__, "exec")):
                depths = stack_depths(code)
                assert depths
                assert 0 <= max(depths.values()) <= code.co_stacksize
