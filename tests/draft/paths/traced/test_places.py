"""A decision that comes again is told apart by counting, in each turn of a loop around it anew."""

from __future__ import annotations

import dis

from torchdraft._draft.paths.traced.places import Key, Places
from torchdraft._stack.instructions import loops_around


def nested(n):
    while n > 0:  # the outer loop
        while n > 1:  # the inner one
            n -= 1
        n -= 1


def in_order(n):
    while n > 3:
        n -= 1
    while n > 0:
        n -= 1


def places(function):
    """The comparisons that the two loops make at the end of each turn."""
    code = function.__code__
    offsets = [each.offset for each in dis.get_instructions(code) if each.opname == "COMPARE_OP"]
    inside = [offset for offset in offsets if loops_around(code, offset)]
    return [("m", (code, offset)) for offset in sorted(inside, key=lambda offset: len(loops_around(code, offset)))[-2:]]


def passed(*codes):
    run = Places()
    keys = []
    for code in codes:
        keys.append(run.next(code))
        run.passed(keys[-1])
    return keys


def test_an_inner_loop_is_counted_anew_in_each_turn():
    outer, inner = places(nested)
    one = passed(outer, inner, inner, outer, inner)
    two = passed(outer, inner, outer, inner)
    assert one[-1] == two[-1] == Key(inner, one[3], 0)
    assert one[2] == Key(inner, None, 1)


def test_a_loop_behind_another_one_is_not_inside():
    first, second = places(in_order)
    assert passed(first, first, second)[-1] == Key(second, None, 0)
    assert passed(first, second)[-1] == Key(second, None, 0)


def test_later_occurrences():
    outer, _ = places(nested)
    assert Key(outer, None, 1).later(2) == Key(outer, None, 3)


def test_places_without_code_are_counted():
    assert [key.count for key in passed("a", "b", "a", "b")] == [0, 0, 1, 1]
