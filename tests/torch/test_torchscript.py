"""Models that are TorchScript modules themselves (scripted, traced, read from a file, frozen), or `DataParallel`."""

from __future__ import annotations

import io
import warnings

import pytest
import torch
from torch.export import Dim

import torchdraft

X = torch.arange(8.0).reshape(2, 4)


class Scales(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(4, 3)
        self.register_buffer("shift", torch.ones(3))

    def forward(self, x: torch.Tensor, scale: float = 2.0) -> torch.Tensor:
        return (self.inner(x) + self.shift).relu() * scale


def loaded(scripted: torch.nn.Module) -> torch.nn.Module:
    file = io.BytesIO()
    torch.jit.save(scripted, file)
    file.seek(0)
    return torch.jit.load(file)


MAKERS = {
    "scripted": lambda: torch.jit.script(Scales()),
    "traced": lambda: torch.jit.trace(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()), X),
    "loaded": lambda: loaded(torch.jit.script(Scales())),
    "frozen": lambda: torch.jit.freeze(torch.jit.script(Scales().eval())),
    "loaded, inside another": lambda: torch.nn.Sequential(loaded(torch.jit.script(Scales())), torch.nn.Linear(3, 2)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_scripted_model_has_a_program(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is to go
        model = MAKERS[name]()
        kinds = {n: type(p) for n, p in model.named_parameters()}
        program = torchdraft.draft_export(model, (X,), dynamic_shapes=({0: Dim.DYNAMIC},))
        file = io.BytesIO()
        torch.export.save(program, file)
        file.seek(0)
        read = torch.export.load(file)
    assert program._report.rung == "symbolic"
    for made in (program.module(), read.module()):
        for x in (X, torch.rand(5, 4)):
            torch.testing.assert_close(made(x), model(x))
    assert {n: type(p) for n, p in model.named_parameters()} == kinds


def test_its_parameters_are_told_by_name():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MAKERS["loaded"]()
        program = torchdraft.draft_export(model, (), {"scale": 3.0, "x": X}, dynamic_shapes={"x": None, "scale": None})
    torch.testing.assert_close(program.module()(x=X, scale=3.0), model(X, 3.0))
    assert sorted(program.state_dict) == ["scripted.inner.bias", "scripted.inner.weight", "scripted.shift"]
    assert isinstance(program.state_dict["scripted.inner.weight"], torch.nn.Parameter)


def test_a_data_parallel_model_has_a_program():
    model = torch.nn.DataParallel(Scales())
    program = torchdraft.draft_export(model, (X,), dynamic_shapes={"inputs": ({0: Dim.DYNAMIC},)})
    assert program._report.rung == "symbolic"
    for x in (X, torch.rand(5, 4)):
        torch.testing.assert_close(program.module()(x), model(x))
    assert min(program.state_dict) == "parallel.module.inner.bias"


class ScriptsInForward(torch.nn.Module):
    def forward(self, x):
        return torch.jit.script(Scales())(x) if self.training else torch.jit.script(torch.nn.ReLU())(x)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    HELD_BY_A_GLOBAL = [torch.jit.script(torch.nn.Softplus())]


class UsesAGlobal(torch.nn.Module):
    def forward(self, x):
        return HELD_BY_A_GLOBAL[0](x)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("model", [ScriptsInForward().eval(), UsesAGlobal()], ids=lambda model: type(model).__name__)
def test_a_scripted_module_that_is_no_submodule_is_traced(model):
    x = torch.randn(3, 4)
    batch = {0: torch.export.Dim.DYNAMIC}
    program = torchdraft.draft_export(model, (x,), dynamic_shapes=(batch,))
    other = torch.randn(5, 4)
    assert torch.equal(program.module()(other), model(other))
    assert program._report.rung == "symbolic"
    assert "forward" in vars(HELD_BY_A_GLOBAL[0])
