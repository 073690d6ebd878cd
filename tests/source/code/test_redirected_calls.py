"""Calls of a function are redirected; every other use of its name finds the function itself."""

from __future__ import annotations

import builtins
import dis
import functools
import math
import math as m
from math import sqrt as root
from types import FunctionType
from typing import Any

import pytest

from torchdraft._source.code.redirected_calls import Redirections, original, redirected


def told(name):
    def replacement(*args, **kwargs):
        return name, *args, *kwargs.items()

    return replacement


REDIRECTIONS = Redirections.of(
    {int: told("int"), len: told("len"), math.sqrt: told("sqrt"), math.floor: told("floor")}, (builtins, math)
)


def with_calls_redirected(function: Any) -> Any:
    code = redirected(function.__code__, function.__globals__, REDIRECTIONS)
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def names(x):
    return int(x), int(x, base=3), len(x), root(x)


def attributes(x):
    return math.sqrt(x), m.floor(x), builtins.int(x), math.cos(0.0)


def nested(x):
    return [int(y) for y in (x, x)], (lambda y: root(y))(x), list(int(y) for y in (x,))  # noqa: C400


def conditional(x):
    return int(x + 0 if x > 3 else 3) if x else len(x or "a")


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (names, (("int", 4), ("int", 4, ("base", 3)), ("len", 4), ("sqrt", 4))),
        (attributes, (("sqrt", 4), ("floor", 4), ("int", 4), 1.0)),
        (nested, ([("int", 4), ("int", 4)], ("sqrt", 4), [("int", 4)])),
        (conditional, ("int", 4)),
    ],
)
def test_calls_are_redirected(function, result):
    assert with_calls_redirected(function)(4) == result


def other_uses(x, kind=int):
    class Holder:
        kind: int = 7

    match x:
        case int():
            found = "int"
        case _:
            found = "other"
    return (
        found,
        isinstance(x, int),
        type(x) is int,
        kind is int,
        issubclass(bool, int),
        int | None,
        dict.fromkeys([int], 1)[type(x)],
        functools.partial(int, base=2)("11"),
        int.from_bytes(b"\x01", "big"),
        list(map(int, ["1"])),
        [root, math.sqrt, len],
        math.pi,
        Holder.__annotations__,
        Holder.kind,
        int,
    )


def test_other_uses_are_not():
    assert with_calls_redirected(other_uses)(4) == other_uses(4)


def matches(x):
    match x:
        case int(y):
            return int(y), y
        case {"key": int()}:
            return "key"
    return int


def test_a_class_in_a_pattern_is_replaced():
    class Meta(type):
        def __instancecheck__(cls, value):
            return value == "number" or isinstance(value, int)

    class Number(int, metaclass=Meta):
        """Stands for `int` in patterns."""

    redirections = Redirections.of({int: told("int")}, (), {int: Number})
    code = redirected(matches.__code__, matches.__globals__, redirections)
    function = FunctionType(code, matches.__globals__)
    assert function(3) == (("int", 3), 3)
    assert function("number") == (("int", "number"), "number")
    assert function({"key": "number"}) == "key"
    assert function("other") is int


def own_len(x):
    return len(x)


def test_a_global_of_the_same_name_is_not_redirected():
    space = {"len": lambda x: x, "__builtins__": builtins}
    code = redirected(own_len.__code__, space, REDIRECTIONS)
    assert code is own_len.__code__


def raises(x):
    y = len(x)
    return (
        y,
        1 / 0,
    )


def test_lines_and_positions_stay():
    code = redirected(raises.__code__, raises.__globals__, REDIRECTIONS)
    assert code is not raises.__code__
    assert list(code.co_positions()) == list(raises.__code__.co_positions())
    assert code.co_exceptiontable == raises.__code__.co_exceptiontable
    with pytest.raises(ZeroDivisionError) as info:
        with_calls_redirected(raises)(3)
    assert info.traceback[-1].lineno == raises.__code__.co_firstlineno + 3


def test_code_is_made_once_and_leads_to_the_original():
    code = redirected(nested.__code__, nested.__globals__, REDIRECTIONS)
    assert redirected(nested.__code__, nested.__globals__, REDIRECTIONS) is code
    assert redirected(code, nested.__globals__, REDIRECTIONS) is code
    assert original(code) is nested.__code__
    assert original(names.__code__) is names.__code__
    inner = [c for c in code.co_consts if hasattr(c, "co_code")]
    assert {original(c) for c in inner} == {c for c in nested.__code__.co_consts if hasattr(c, "co_code")}


def test_code_with_many_names_and_constants():
    lines = [f"    a{i} = x.b{i} + {i + 1000}.5" for i in range(300)]
    source = "def many(x):\n    if x is None:\n" + "\n".join(f"    {line}" for line in lines)
    source += "\n    return int(7), math.sqrt(9), [int(y) for y in (1,)]\n"
    space: dict[str, Any] = {"math": math}
    exec(source, space)
    many = with_calls_redirected(space["many"])
    assert many(3) == (("int", 7), ("sqrt", 9), [("int", 1)])
    assert any(i.opname == "EXTENDED_ARG" for i in dis.get_instructions(many))


def test_code_without_such_calls_stays():
    assert redirected(told.__code__, told.__globals__, REDIRECTIONS) is told.__code__
