"""Islands: what the nodes of a recorded run say of the model, and hooks."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import torchdraft


class Part(torch.nn.Module):
    recorded = False

    def __init__(self) -> None:
        super().__init__()
        self.lin = torch.nn.Linear(4, 4)

    def forward(self, x: Any, k: int = 1) -> Any:
        if self.recorded and x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        return self.lin(x).relu() * k, x


class Model(torch.nn.Module):
    def __init__(self, recorded: str = "") -> None:
        super().__init__()
        self.first = Part()
        self.rest = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Tanh())
        self.first.recorded = recorded == "island"
        self.recorded = recorded == "concrete"

    def forward(self, x: Any) -> Any:
        y = self.first(x, k=2)[0]
        if self.recorded and x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        return self.rest(self.rest(y)) + 1


X = torch.ones(2, 4)


def described(program: torch.export.ExportedProgram) -> list[Any]:
    nodes = [node for node in program.graph.nodes if node.op == "call_function"]
    return [
        (
            node.name,
            [name for name, _ in node.meta["nn_module_stack"].values()],
            [cls for _, cls in node.meta["nn_module_stack"].values()],
            node.meta["stack_trace"].splitlines()[-1],
            [line for line in node.meta["stack_trace"].splitlines() if "torchdraft" in line and __file__ not in line],
        )
        for node in nodes
    ]


@pytest.mark.parametrize("rung", ["island", "concrete"])
def test_nodes_name_the_submodules_and_lines_that_plain_export_names(rung: str) -> None:
    program = torchdraft.draft_export(Model(rung), (X,))
    assert program._report.rung == rung
    assert described(program) == described(torch.export.export(Model(), (X,), strict=False))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rung", ["island", "concrete"])
def test_a_recorded_module_keeps_its_signature(rung: str) -> None:
    model = Model(rung)
    program = torchdraft.draft_export(model, (X,), preserve_module_call_signature=("first",))
    assert program._report.rung == rung
    torch.testing.assert_close(torch.export.unflatten(program)(X), model(X))


def test_hooks_of_an_island_run_once() -> None:
    model = Model("island")
    model.first.register_forward_pre_hook(lambda _module, args: (args[0] + 1, *args[1:]))
    model.first.register_forward_hook(lambda _module, _args, out: (out[0] * 3, out[1]))
    program = torchdraft.draft_export(model, (X,))
    assert program._report.rung == "island"
    torch.testing.assert_close(program.module()(X), model(X))
