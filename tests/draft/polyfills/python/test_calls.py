"""Calls are replaced while a draft runs, and nothing but a call notices: names find Python's own functions."""

from __future__ import annotations

import inspect
import math
import pickle
import threading
from dataclasses import dataclass
from typing import get_type_hints

import pytest
import torch
from torch.export import Dim

import torchdraft
from torchdraft._draft.polyfills.python.calls import CALLS, replaces_calls
from torchdraft._draft.rungs.session import Session

DYNAMIC = ({0: Dim.DYNAMIC},)
TABLE = {"half": lambda x: int(x.shape[0] / 2)}


@dataclass
class Settings:
    size: int = 3


def annotated(n: int, kind: type = int) -> float:
    return float(kind(n))


class Notices(torch.nn.Module):
    """Looks at the functions in every way but by calling them."""

    def forward(self, x):
        n = x.shape[0]
        assert type(n) is int
        assert isinstance(n, int)
        assert isinstance(n, int | None)
        assert issubclass(bool, int)
        assert int.__name__ == "int"
        assert annotated.__annotations__["n"] in ("int", int)
        assert get_type_hints(annotated) == {"n": int, "kind": type, "return": float}
        assert inspect.signature(annotated).parameters["kind"].default is int
        assert Settings().size.__class__ is int
        assert pickle.loads(pickle.dumps([int, float, round, math.sqrt, annotated, Settings])) == [
            *(int, float, round, math.sqrt, annotated, Settings)
        ]
        match n:
            case int():
                x = x * 2
            case _:
                x = x * 3
        return x * int(n / 2), torch.zeros(2, dtype=int)


def test_nothing_but_a_call_notices():
    program = torchdraft.draft_export(Notices(), (torch.ones(5, 2),), dynamic_shapes=DYNAMIC)
    assert program._report.rung == "symbolic"
    for rows in (2, 9):
        x = torch.randn(rows, 2)
        assert torch.equal(program.module()(x)[0], Notices()(x)[0])


class Helper:
    """An object of the model that is no module."""

    def __init__(self):
        self.scale = 0.5

    @property
    def double(self):
        return 2

    def size(self, x):
        return int(len(x) * self.scale)


class Reaches(torch.nn.Module):
    """Calls the functions in code of different kinds."""

    def __init__(self):
        super().__init__()
        self.helper = Helper()
        self.table = [lambda x: int(x.shape[0] / 3)]

    def forward(self, x):
        def inner():
            return sum(int(n / 2) for n in x.shape[:1])

        sizes = [self.helper.size(x), TABLE["half"](x), self.table[0](x), inner(), math.floor(math.sqrt(len(x)))]
        return x * sum(sizes)


def test_code_that_a_model_reaches_is_found():
    before = {f: f.__code__ for f in (Helper.size, TABLE["half"], Reaches.forward)}
    program = torchdraft.draft_export(Reaches(), (torch.ones(5, 2),), dynamic_shapes=DYNAMIC)
    assert program._report.issues == ()
    for rows in (2, 9, 31):
        x = torch.randn(rows, 2)
        assert torch.equal(program.module()(x), Reaches()(x))
    assert all(f.__code__ is code for f, code in before.items())
    assert not any("torchdraft_" in name for name in globals())


KEPT = []


class Keeps(torch.nn.Module):
    """Leaves functions behind that were made in the trace."""

    def forward(self, x):
        KEPT.append(lambda n: (int(n), math.sqrt(n), max(n, 2)))
        if x.dim() == 7:
            raise ValueError
        return x * int(x.shape[0] / 2)


def test_a_function_made_in_the_trace_works_afterwards():
    KEPT.clear()
    kept = []
    model = Keeps()
    model.register_forward_hook(lambda *_: kept.extend(KEPT))
    torchdraft.draft_export(model, (torch.ones(5, 2),), dynamic_shapes=DYNAMIC)
    assert kept
    assert all(function(4.5) == (4, math.sqrt(4.5), 4.5) for function in kept)


class Fails(torch.nn.Module):
    def forward(self, x):
        raise ValueError(int(x.shape[0] / 2))


def test_the_code_is_put_back_after_a_failure():
    code = Fails.forward.__code__
    with pytest.raises(ValueError, match="2"):
        torchdraft.draft_export(Fails(), (torch.ones(5),), dynamic_shapes=DYNAMIC)
    assert Fails.forward.__code__ is code


class Meets(torch.nn.Module):
    """Meets another thread in the middle of `forward`."""

    def __init__(self):
        super().__init__()
        self.others: list[object] = []

    def forward(self, x):
        thread = threading.Thread(target=lambda: self.others.append(annotated(3.9)))
        thread.start()
        thread.join()
        return x * int(x.shape[0] / 2)


def test_another_thread_computes_with_plain_numbers():
    model = Meets()
    torchdraft.draft_export(model, (torch.ones(5),), dynamic_shapes=DYNAMIC)
    assert annotated(3.9) == 3.0


class Branches(torch.nn.Module):
    def forward(self, x):
        def yes(x):
            return x * int(x.shape[0] / 2)

        return torch.cond(x.sum() > 0, yes, lambda x: x * math.sqrt(len(x)), (x,))


def test_a_control_flow_operator_is_compiled_as_before():
    program = torchdraft.draft_export(Branches(), (torch.ones(5, 2),), dynamic_shapes=DYNAMIC)
    assert program._report.issues == ()
    for rows in (2, 9):
        for x in (torch.rand(rows, 2), -torch.rand(rows, 2)):
            assert torch.equal(program.module()(x), Branches()(x))


class Rounds(torch.nn.Module):
    def forward(self, x):
        return x + math.gcd(4, 6)


def test_one_declaration_replaces_calls():
    assert Session  # it loads the declarations
    with CALLS.restored():
        calls = []

        @replaces_calls(math.gcd, why="To show that nothing else is needed.")
        def divisor(*numbers):
            calls.append(numbers)
            return 0

        x = torch.ones(2)
        assert torch.equal(torchdraft.draft_export(Rounds(), (x,), check_on_example=False).module()(x), x)
        assert calls == [(4, 6)]
        with pytest.raises(ValueError, match="replacement of calls of gcd is declared twice"):
            replaces_calls(math.gcd, why="")(lambda *_: 0)
