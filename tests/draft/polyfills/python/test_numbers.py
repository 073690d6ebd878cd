"""Conversions of sizes and of numbers read from tensors stay symbolic: the program is right for other numbers too."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.export import Dim

import torchdraft
from tests.draft.polyfills.number_models import (
    CONVERTED,
    DECIDED,
    INTEGERS,
    OF_INTEGERS,
    OF_PYTHON_NUMBERS,
    READ,
    USED,
    Computes,
    example,
)

OTHERS = (2, 3, 6, 7, 9, 16, 33)
DYNAMIC = ({0: Dim.DYNAMIC}, None)


def scale(x, v):
    return x * v


def scaled() -> Iterator[Any]:
    """Every conversion of every number that Python converts."""
    for source, read in READ.items():
        table = dict(CONVERTED)
        if "tensor" not in source:
            table |= OF_PYTHON_NUMBERS
        if source in ("size", "item"):
            table |= OF_INTEGERS
        for name, of in table.items():
            yield pytest.param(Computes(read, of, scale), id=f"{source}-{name}")


def used() -> Iterator[Any]:
    """Every use of every integer."""
    for name, (source, of) in INTEGERS.items():
        for use, function in USED.items():
            yield pytest.param(Computes(READ[source], of, function), id=f"{name}-{use}")


def draft(model):
    return torchdraft.draft_export(model, example(5), dynamic_shapes=DYNAMIC)


def results(program: Callable[..., Any], model: torch.nn.Module, numbers=OTHERS) -> str:
    """One character for each number: `+` equal to eager, `!` not equal, `.` raised, `-` eager raises too."""
    found = ""
    for number in numbers:
        try:
            want = model(*example(number))
        except Exception:
            found += "-"
            continue
        try:
            got = program(*example(number))
        except Exception:
            found += "."
        else:
            found += "+" if got.dtype == want.dtype and torch.equal(got, want) else "!"
    return found


@pytest.mark.parametrize("model", [*scaled()])
def test_a_converted_number_stays_a_symbol(model):
    program = draft(model)
    assert (program._report.rung, set(results(program.module(), model))) == ("symbolic", {"+"})
    assert all(issue.code != "TD102" for issue in program._report.issues)


@pytest.mark.parametrize("model", [*used()])
def test_a_converted_number_can_be_used_as_any_integer(model):
    program = draft(model)
    assert set(results(program.module(), model)) <= {"+", "-"}


def decided() -> Iterator[Any]:
    """Every integer where its value decides something."""
    for name in ("int(size / 2)", "min(len, 5)", "int(tensor)", "max(item)"):
        source, of = INTEGERS[name]
        for use, function in DECIDED.items():
            yield pytest.param(Computes(READ[source], of, function), id=f"{name}-{use}")


@pytest.mark.parametrize("model", [*decided()])
def test_a_draft_is_right_or_raises_and_never_less_general_than_a_strict_export(model):
    ours = results(draft(model).module(), model)
    assert "!" not in ours
    try:
        plain = torch.export.export(copy.deepcopy(model), example(5), dynamic_shapes=DYNAMIC, strict=True)
    except Exception:
        return  # plain export refuses the model
    theirs = results(plain.module(), model)
    assert all(mine in "+-" for mine, their in zip(ours, theirs, strict=True) if their == "+")


EXCEPTIONS: dict[str, Callable[[Any], Any]] = {
    "int of math.log": lambda n: int(math.log(n + 1)),
    "math.hypot": lambda n: math.hypot(n, 1),
    "stored": lambda n: STORED["root"](n),
    "round to tens": lambda n: round(n, -1),
    "math.fmod": lambda n: math.fmod(n, 2),
    "range": lambda n: len(range(int(n))),
}
"""Computations that no operations of a graph express exactly, or that Python makes itself: the number is asserted."""
STORED = {"root": math.sqrt}


@pytest.mark.parametrize("source", ["size", "item", "float item"])
@pytest.mark.parametrize("name", EXCEPTIONS)
def test_a_number_that_python_must_have_is_asserted(name, source):
    model = Computes(READ[source], EXCEPTIONS[name], scale)
    program = draft(model).module()
    assert torch.equal(program(*example(5)), model(*example(5)))
    assert set(results(program, model)) <= {".", "+"}
    assert "." in results(program, model)


SURVIVING = [
    "int(math.sqrt(n))",
    "int(n / 2)",
    "math.ceil(n * 0.7)",
    "max(1.0, n / 4)",
    "max(n / 4, 1)",
    "n // 0.3",
    "round(n * 0.7, 2)",
]


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's own
@pytest.mark.parametrize("source", ["size", "item", "float item"])
@pytest.mark.parametrize("name", SURVIVING)
def test_the_symbols_survive_what_is_done_with_a_program(name, source):
    model = Computes(READ[source], (CONVERTED | OF_PYTHON_NUMBERS)[name], scale)
    program = draft(model)
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    again = torch.export.export(program.module(), example(5), dynamic_shapes=DYNAMIC)
    for other in (torch.export.load(file), program.run_decompositions(), again):
        assert set(results(other.module(), model)) == {"+"}


class Read(torch.nn.Module):
    """Returns a number."""

    def __init__(self, of):
        super().__init__()
        self.of = of

    def forward(self, t):
        return self.of(t.item())


OF_FLOATS: dict[str, Callable[[float], Any]] = {
    "int(f)": lambda f: int(f),
    "int(-f / 3)": lambda f: int(-f / 3),
    "math.floor(f)": lambda f: math.floor(f),
    "math.ceil(f)": lambda f: math.ceil(f),
    "math.trunc(f)": lambda f: math.trunc(f),
    "round(f)": lambda f: round(f),
    "f // 0.1": lambda f: f // 0.1,
    "f % 1.0": lambda f: f % 1.0,
    "-7.5 % f": lambda f: -7.5 % f,
    "2 // f": lambda f: 2 // f,
    "divmod(f, -3)": lambda f: divmod(f, -3)[0] + divmod(f, -3)[1],
    "f ** 2": lambda f: f**2,
    "f ** -3.0": lambda f: f**-3.0,
    "math.pow(f, 3)": lambda f: math.pow(f, 3),
    "max(f, 0.5)": lambda f: max(f, 0.5),
    "max(0.5, f)": lambda f: max(0.5, f),
    "min(f, f / 2)": lambda f: min(f, f / 2),
    "min(0.5, f, -2.5)": lambda f: min(0.5, f, -2.5),
    "float(f > 2)": lambda f: float(f > 2),
    "int(f > 2)": lambda f: int(f > 2),
    "math.fabs(f)": lambda f: math.fabs(f),
    "math.sqrt(f * f)": lambda f: math.sqrt(f * f),
    "math.radians(f)": lambda f: math.radians(f),
}
SPECIAL = [0.5, -0.5, 1.5, 2.5, -2.5, 0.0, -0.0, 1.0, -1.0, 1e15 + 0.5, -(2.0**53), 2.0**62, 1e300, math.nan, math.inf]
_PROGRAMS: dict[str, Any] = {}


def same(one, other):
    return type(one) is type(other) and (one == other or (one != one and other != other))


@pytest.mark.parametrize("name", OF_FLOATS)
@settings(max_examples=60, deadline=None)
@given(value=st.one_of(st.sampled_from(SPECIAL), st.floats(-1e4, 1e4), st.floats()))
def test_the_program_computes_what_python_computes(name, value):
    """Of every float. Where Python raises, the program does, and also where an integer has more than 64 bits."""
    of = OF_FLOATS[name]
    if name not in _PROGRAMS:
        _PROGRAMS[name] = torchdraft.draft_export(Read(of), (torch.tensor(3.75, dtype=torch.float64),)).module()
    try:
        want = of(value)
    except (ArithmeticError, ValueError):
        want = None
    try:
        got = _PROGRAMS[name](torch.tensor(value, dtype=torch.float64))
    except Exception:
        assert want is None or abs(want) >= 2**63
    else:
        assert same(got, want)


OF_INTS: dict[str, Callable[[int], Any]] = {
    "int(i / 3)": lambda i: int(i / 3),
    "i // -4": lambda i: i // -4,
    "i % -4": lambda i: i % -4,
    "divmod(i, 7)": lambda i: divmod(i, 7)[0] * divmod(i, 7)[1],
    "round(i / 4)": lambda i: round(i / 4),
    "math.ceil(i / 4)": lambda i: math.ceil(i / 4),
    "max(2, i, -i)": lambda i: max(2, i, -i),
    "pow(i, 3, 11)": lambda i: pow(i, 3, 11),
    "float(i) / 3": lambda i: float(i) / 3,
    "math.pow(2, i)": lambda i: math.pow(2, min(i, 9)),
}


@pytest.mark.parametrize("name", OF_INTS)
@settings(max_examples=60, deadline=None)
@given(value=st.integers(-(2**62), 2**62) | st.integers(-40, 40))
def test_the_program_computes_what_python_computes_of_integers(name, value):
    of = OF_INTS[name]
    if name not in _PROGRAMS:
        _PROGRAMS[name] = torchdraft.draft_export(Read(of), (torch.tensor(3),)).module()
    assert same(_PROGRAMS[name](torch.tensor(value)), of(value))
