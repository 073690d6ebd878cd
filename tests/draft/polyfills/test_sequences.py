"""Sequences that contain tensors and symbols, and random numbers: the polyfills give the results of eager."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.draft.drafting import Draftable, hold_to_the_promises, replay

X = torch.arange(16.0).reshape(4, 4) + 0.5
PLACES, OTHERS = torch.tensor([1, 2]), (torch.tensor([2, 3]), torch.tensor([0, 1]))
Function = Callable[[Any, Any], Any]


def model_of(function: Function) -> type[torch.nn.Module]:
    class Model(torch.nn.Module):
        def forward(self, x, i):
            return function(x, i), x + i[0]

    return Model


def written(x: Any, places: Any, value: Any) -> Any:
    x = x.clone()
    x[places] = value
    return x


OF_TENSORS: dict[str, Function] = {
    "indices in tuples": lambda x, i: x[(i[0], i[1]), (i[1], i[0])],
    "indices in a list": lambda x, i: x[[i[0], i[1]], :],
    "a long list": lambda x, i: x[[i[n % 2] for n in range(40)]],
    "a nested list": lambda x, i: x[:, [[i[0], 0], [1, i[1]]]],
    "tensors of one element": lambda x, i: x[[i[:1], i[1:]], :],
    "a mask in a list": lambda x, i: x[[i[0] > 0, i[1] > 1, i[0] > -1, i[0] > 5], :].sum(0),
    "indices written to": lambda x, i: written(x, ((i[0], i[1]), (i[1], i[0])), 7.0),
    "an index written to": lambda x, i: written(x, i[0], 7.0),
    "a slice written to": lambda x, i: written(x, slice(None, i[1]), 7.0),
    "new_tensor": lambda x, i: x.new_tensor([i[0], i[1]]) + 1,
    "new": lambda x, i: x.new([i[0], 3]) + 1,
    "as_tensor": lambda x, i: torch.as_tensor([i[0], 3], dtype=torch.float64) + 1,
    "asarray": lambda x, i: torch.asarray([i[0], x[1, 1]]) + 1,
    "tensor of tensors of one element": lambda x, i: torch.tensor([i[:1], i[1:]]) + 1,
    "sparse": lambda x, i: torch.sparse_coo_tensor([[i[0], 1], [1, i[1]]], [1.0, x[0, 0]], (4, 4)).to_dense(),
}


@pytest.mark.parametrize("name", OF_TENSORS)
def test_sequences_of_tensors_are_followed(name):
    right = [(X * 2, other) for other in OTHERS]
    hold_to_the_promises(Draftable(model_of(OF_TENSORS[name]), (X, PLACES), right=right))


NATIVE: dict[str, Function] = {
    "a size": lambda x, i: torch.zeros(i[0], 2),
    "a place": lambda x, i: x[i[1]],
    "a slice": lambda x, i: x[: i[1]].sum(0),
    "a number to fill with": lambda x, i: torch.full((3,), x[i[0], 0] * 1.0),
    "a repetition": lambda x, i: x.repeat(i[1], 1),
    "a number inside": lambda x, i: torch.nn.functional.pad(x, (i[0], 0)),
}


FIXED = {*NATIVE, "a mask in a list", "an index written to", "a slice written to"}
"""Recorded with the example's sizes and places. The other calls are followed there too."""


@pytest.mark.parametrize("name", [*OF_TENSORS, *NATIVE])
def test_a_recorded_run_follows_them_or_asserts_the_numbers(name):
    model = model_of((OF_TENSORS | NATIVE)[name])
    program = torchdraft.draft_export(Recorded(model()), (X, PLACES))
    assert program._report.rung != "symbolic"
    for args in ((X, PLACES), *((X * 2, other) for other in OTHERS)):
        try:
            got = replay(program)(*args)
        except (RuntimeError, AssertionError):
            assert name in FIXED
            assert args[1] is not PLACES
            continue
        torch.testing.assert_close(got, model()(*args))


class Recorded(torch.nn.Module):
    """No symbolic trace follows a constructor of the old kind."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x, i):
        torch.LongTensor([i[0]])
        return self.inner(x, i)


OF_SYMBOLS: dict[str, Function] = {
    "as_tensor of a shape": lambda x, i: torch.as_tensor(x.shape) + i,
    "as_tensor of sizes": lambda x, i: torch.as_tensor([x.shape[0], 2.5]) + i,
    "new_tensor of a size": lambda x, i: x.new_tensor(x.shape[0]) + i,
    "new_tensor of sizes": lambda x, i: i.new_tensor([[x.shape[0], 2], [3, 4]]),
    "asarray": lambda x, i: torch.asarray([x.shape[0] / 2, i[0]]),
    "indices": lambda x, i: x[[0, x.shape[0] - 1]] + i[0],
    "indices written to": lambda x, i: written(x, [0, x.shape[0] - 1], i[0] * 1.0),
    "linspace": lambda x, i: torch.linspace(0.5, x.shape[0] - 0.5, x.shape[0]) + i[0],
    "linspace, steps by name": lambda x, i: torch.linspace(0, 1, steps=x.shape[0], dtype=torch.float64) + i[0],
    "randn with no generator": lambda x, i: torch.randn(x.shape[0], 3, generator=None) + i[0],
    "randint with no generator": lambda x, i: torch.randint(9, (x.shape[0], 3), generator=None) + i[0],
}


@pytest.mark.parametrize("name", OF_SYMBOLS)
def test_sizes_stay_symbolic(name):
    model = model_of(OF_SYMBOLS[name])
    shapes = {"x": {0: Dim.DYNAMIC}, "i": None}
    program = torchdraft.draft_export(model(), (X, PLACES), dynamic_shapes=shapes)
    assert [d.got for d in program._report.dimensions] == ["dynamic"]
    for rows in (4, 7, 33):
        x = torch.rand(rows, 4)
        assert_same(model(), program, x, OTHERS[0])


class Draws(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(5)

    def forward(self, x):
        size, by = x.shape, {"generator": self.generator}
        return torch.rand(size, **by), torch.randn(*size, **by), torch.randint(2, 9, size, **by) + x


def test_numbers_from_a_generator():
    example, other = torch.zeros(4, 3), torch.zeros(6, 3)
    model = Draws()
    program = torchdraft.draft_export(model, (example,), dynamic_shapes={"x": {0: Dim.DYNAMIC}})
    assert program._report.rung == "symbolic"
    for x in (example, other):
        got = program.module()(x)
        model.generator.manual_seed(5)
        want = model(x)
        model.generator.manual_seed(5)
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [(torch.float32, 1, 5), (torch.int64, -3, 2**40), (torch.uint8, 0, 200), (torch.bfloat16, -4, 100)],
)
def test_random_numbers_between_bounds(dtype, low, high):
    model = model_of(lambda x, i: torch.empty(40, dtype=dtype).random_(low, high) + i[0])
    program = torchdraft.draft_export(model(), (X, PLACES))
    assert program._report.rung == "symbolic"
    assert_same(model(), program, X * 2, OTHERS[0])


def assert_same(model: torch.nn.Module, program: torch.export.ExportedProgram, *args: torch.Tensor) -> None:
    """The program, and the program read back from a file, give what the model gives."""
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    torch.manual_seed(3)
    want = model(*args)
    for made in (program, torch.export.load(file)):
        torch.manual_seed(3)
        torch.testing.assert_close(made.module()(*args), want)
