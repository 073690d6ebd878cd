"""Tensors that a model holds in any way are found, and left as they were by a draft and by `verify`."""

import functools
from collections import OrderedDict, UserDict, deque, namedtuple

import pytest
import torch

import torchdraft
from torchdraft._draft.state.held_values import held_tensors


class Slots:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Plain:
    def __init__(self, value):
        self.value = value

    def method(self, *args):
        return None


class Odd(dict):
    def values(self):
        raise RuntimeError


def closure(value):
    return lambda: value


def hidden(value):
    module = torch.nn.Module()
    module.register_buffer("value", value)
    return [module]


Two = namedtuple("Two", "left right")


@pytest.mark.parametrize(
    "hold",
    [
        lambda t: t,
        lambda t: [t],
        lambda t: (1, (t,)),
        lambda t: {"a": {"b": t}},
        lambda t: OrderedDict(a=t),
        lambda t: Odd(a=t),
        lambda t: {t},
        lambda t: deque([t]),
        lambda t: UserDict(a=t),
        lambda t: Two(1, t),
        lambda t: Slots(t),
        lambda t: [Plain([Slots(t)])],
        lambda t: Plain(t).method,
        lambda t: functools.partial(print, t),
        closure,
        hidden,
    ],
)
def test_a_tensor_is_found_whatever_holds_it(hold):
    module, tensor = torch.nn.Sequential(torch.nn.Linear(2, 2)), torch.zeros(2)
    module[0].held = hold(tensor)
    found = [(name, each) for name, each in held_tensors(module)]
    assert [each is tensor for _, each in found] == [True]
    assert found[0][0].startswith("0.held")


class Caches(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)
        self.whole = torch.full((2, 4), -0.0)
        self.row = self.whole[1]
        self.holder = {"a": [Plain(torch.full((4,), float("nan")))]}

    def forward(self, x):
        self.row.add_(x.sum(0))
        self.holder["a"][0].value.copy_(self.linear(x)[0])
        return self.whole * 2, self.holder["a"][0].value + 1


def bytes_of(model):
    return [t.view(torch.uint8).tolist() for t in (model.whole, model.row, model.holder["a"][0].value)]


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
def test_a_draft_and_verify_leave_them_bit_for_bit():
    model = Caches()
    before, tensors = bytes_of(model), [model.whole, model.row, model.holder["a"][0].value]
    program = torchdraft.draft_export(model, (torch.randn(3, 4),))
    assert bytes_of(model) == before
    torchdraft.verify(program, model, n=3)
    assert bytes_of(model) == before
    assert all(a is b for a, b in zip([model.whole, model.row, model.holder["a"][0].value], tensors, strict=True))
    assert model.row._base is model.whole
    assert not any(tensor.requires_grad for tensor in tensors)
    torchdraft.verify(torch.export.export(model, (torch.randn(3, 4),)), model, n=3)
    assert bytes_of(model) == before


def test_a_program_called_twice_is_eager_called_twice():
    torch.manual_seed(0)
    model = Caches()
    torch.manual_seed(0)
    clean = Caches()
    program = torchdraft.draft_export(model, (torch.randn(3, 4),))
    run = program.module()
    for _ in range(2):
        x = torch.randn(3, 4)
        for got, want in zip(run(x), clean(x), strict=True):
            torch.testing.assert_close(got, want)
    notes = {i.expr for i in program._report.issues if i.code == "TD402" and i.severity.name == "NOTE"}
    assert notes == {"whole", "row", "holder['a'][0].value"}
