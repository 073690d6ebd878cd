"""Names that may be read behind an instruction."""

from __future__ import annotations

import dis
import itertools

import pytest

from torchdraft._stack.live_names import can_be_read


def loop(x, n):
    y = x
    for i in range(n):
        half = y / 2
        y = half + i
    return y


def handled(x):
    y = x
    try:
        y = int(x)
        z = int(y)
    except ValueError:
        return y
    return z


def in_order_of_names(x):
    return x and sorted(locals())


def deleted(x):
    y = x
    if x:
        del y
        return 1
    return y


def behind(function, opname, place=0):
    found = [each.offset for each in dis.get_instructions(function) if each.opname == opname]
    return can_be_read(function.__code__, found[place])


def test_a_name_that_is_assigned_first_is_not_read():
    assert behind(loop, "FOR_ITER") == {"y"}
    assert behind(loop, "STORE_FAST", 1) == {"y", "i"}
    assert behind(loop, "RETURN_VALUE") == set()


def test_a_handler_reads_what_it_reads_at_each_instruction_that_may_raise():
    stores = [each for each in dis.get_instructions(handled) if each.opname == "STORE_FAST"]
    assert [store.argval for store in stores][:3] == ["y", "y", "z"]
    assert "y" in (can_be_read(handled.__code__, stores[0].offset) or ())
    assert "y" in (can_be_read(handled.__code__, stores[2].offset) or ())


def test_to_delete_a_name_reads_it():
    assert behind(deleted, "STORE_FAST") == {"x", "y"}


def test_a_function_that_asks_for_all_names_may_read_each():
    assert behind(in_order_of_names, "LOAD_FAST") is None


@pytest.mark.parametrize("function", [loop, handled, deleted])
def test_no_name_is_missing_before_it_is_read(function):
    """The names behind the instruction before a read contain the name."""
    listing = list(dis.get_instructions(function))
    for before, each in itertools.pairwise(listing):
        if each.opname == "LOAD_FAST" and not before.opname.startswith(("JUMP", "RETURN", "RERAISE")):
            assert each.argval in (can_be_read(function.__code__, before.offset) or ())
