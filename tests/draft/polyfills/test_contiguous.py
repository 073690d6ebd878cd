"""A program copies an input where eager copies it: results that are the argument itself on the example included."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch

import torchdraft
from tests.draft.drafting import Draftable, eager, hold_to_the_promises

D = torch.export.Dim.AUTO
LAST = torch.channels_last
Function = Callable[[torch.Tensor], torch.Tensor]

NUMBERS = torch.arange(96.0).reshape(2, 4, 3, 4)
LAYOUTS = {
    "contiguous": NUMBERS,
    "channels last": NUMBERS.contiguous(memory_format=LAST),
    "reversed": NUMBERS.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0),
    "part": torch.cat([NUMBERS, NUMBERS], 1)[:, 4:],
}

COPIES: dict[str, Function] = {
    "contiguous": lambda x: x.contiguous(),
    "contiguous in another format": lambda x: x.contiguous(memory_format=LAST),
    "the operator": lambda x: torch.ops.aten.contiguous(x),
    "a view made contiguous": lambda x: x.permute(0, 2, 3, 1).contiguous(),
    "to a format": lambda x: x.to(memory_format=LAST),
    "to a dtype and format": lambda x: x.to(torch.float32, memory_format=torch.contiguous_format),
    "cpu": lambda x: x.cpu(memory_format=LAST),
    "float": lambda x: x.float(memory_format=LAST),
    "detached": lambda x: x.detach().contiguous(),
    "reshape": lambda x: x.reshape(x.shape[0], -1),
    "ravel": lambda x: x.ravel(),
    "under no_grad": torch.no_grad()(lambda x: x.contiguous()),
}


class Copying(torch.nn.Module):
    """Writes to the argument, to the result, or to neither and asks for elements by strides."""

    def __init__(self, copied: Function, written: str) -> None:
        super().__init__()
        self.copied, self.written = copied, written

    def forward(self, x):
        y = self.copied(x)
        if self.written == "argument":
            x.add_(1)
        elif self.written == "result":
            y.mul_(2)
        else:
            return y.as_strided((2, 2), (1, 2)) * 1
        return x * 1, y * 1


class Recorded(Copying):
    """No symbolic trace follows a constructor of the old kind."""

    def forward(self, x):
        torch.LongTensor([x[0, 0, 0, 0].int()])
        return super().forward(x)


def check(model: torch.nn.Module, example: str, rung: str, **options: Any) -> None:
    """Compares results, and what became of the input, on every layout."""
    program = torchdraft.draft_export(model, (copy.deepcopy(LAYOUTS[example]),), **options)
    assert program._report.rung == rung
    for layout, x in LAYOUTS.items():
        ours, theirs = copy.deepcopy(x), copy.deepcopy(x)
        torch.testing.assert_close(program.module()(ours), model(theirs), rtol=0, atol=0, msg=layout)
        assert torch.equal(ours, theirs), layout


@pytest.mark.parametrize("written", ["argument", "result", ""])
@pytest.mark.parametrize("name", COPIES)
def test_a_program_copies_what_eager_copies(name, written):
    for example in ("contiguous", "channels last", "reversed"):
        check(Copying(COPIES[name], written), example, "symbolic", dynamic_shapes=({0: D},))


@pytest.mark.parametrize("name", ["contiguous", "a view made contiguous", "to a format"])
def test_dynamo_keeps_them(name):
    for written in ("argument", "result", ""):
        for example in ("contiguous", "channels last"):
            check(Copying(COPIES[name], written), example, "symbolic", strict=True)


@pytest.mark.parametrize("name", ["contiguous", "a view made contiguous", "to a format"])
def test_a_recorded_run_keeps_them(name):
    for written in ("argument", "result", ""):
        for example in ("contiguous", "channels last"):
            check(Recorded(COPIES[name], written), example, "concrete")


def test_a_computed_tensor_has_the_layout_of_the_input():
    check(Copying(lambda x: (x * 2).contiguous(), ""), "contiguous", "symbolic")


class Gradient(torch.nn.Module):
    def forward(self, x):
        x = x.detach().clone().requires_grad_()
        y = x.contiguous()
        (gradient,) = torch.autograd.grad((y.tanh() ** 2).sum(), x)
        return gradient, gradient.contiguous().as_strided((2, 2), (1, 2)) * 1


def test_gradients_flow_through_them():
    check(Gradient(), "contiguous", "symbolic")


class ByDtype(torch.nn.Module):
    def forward(self, x):
        y = x.type_as(torch.ones(1))
        x.add_(1)
        return x * 1, y * 1


class Conjugated(torch.nn.Module):
    def forward(self, x):
        y = x.resolve_conj()
        y.mul_(2)
        return x * 1


@pytest.mark.parametrize(
    ("model", "example", "other"),
    [
        (ByDtype, torch.ones(3), torch.ones(3, dtype=torch.float64)),
        (Conjugated, torch.ones(3, dtype=torch.complex64) * 1j, (torch.ones(3, dtype=torch.complex64) * 1j).conj()),
    ],
)
def test_other_properties_of_the_input_decide(model, example, other):
    hold_to_the_promises(Draftable(model, (example,), right=[(other,)]))


class OnlyWeights(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4, 4))

    def forward(self, x):
        return x @ self.weight.contiguous()


def test_parameters_need_no_node():
    program = torchdraft.draft_export(OnlyWeights(), (torch.ones(2, 4),))
    assert [node.name for node in program.graph.nodes if node.op == "call_function"] == ["matmul"]
    assert torch.equal(program.module()(torch.ones(2, 4)), eager(OnlyWeights(), (torch.ones(2, 4),)))
