"""What is made of a program next: decomposed, written and read, exported again, compiled, copied."""

from __future__ import annotations

import copy
import functools
import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import torchdraft
from tests.engine.compare import difference

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # torch's own


class SqueezesOneFound(nn.Module):
    def forward(self, x):
        where = x.nonzero().squeeze()
        if where.numel() == 0:
            return x, where
        return x.index_copy(0, where, where + 0.5).index_fill(0, where, 3.0), where


class FindsNothing(nn.Module):
    def forward(self, x):
        few = x[x > 100]
        return x.sum() if len(few) == 0 else few.max(), few.sum(), torch.cat([few, x])


class UnbindsTheFirst(nn.Module):
    def forward(self, x):
        first, second = x[x < 3][:2].unbind(0)
        return first + second, sum(x[x < 3][:3].tolist())


class ReadsNumbers(nn.Module):
    def forward(self, x):
        n = int(x.max())
        return x.new_zeros(n) + n if n == 3 else x


class Rounds(nn.Module):
    def forward(self, x):
        k = round(x.mean().item())
        return x[:k].sum(), x * k


class ReadsARow(nn.Module):
    def forward(self, x):
        return x * x.nonzero()[0].item()


class ReturnsCondition(nn.Module):
    def forward(self, x):
        return x * 2, x.nonzero().shape[0] > 1


class Regions(nn.Module):
    """Each of its parts is a graph of its own inside the program's."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 5)

    def forward(self, x):
        with torch.no_grad():
            quiet = self.layer(x) * 2
        chosen = torch.cond(x.sum() > 0, lambda a: a + 1, lambda a: a - 1, (x,))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return quiet + chosen, self.layer(x)


def decomposed(program: torch.export.ExportedProgram, _x: torch.Tensor) -> Any:
    return program.run_decompositions().module()


def read_again(program: torch.export.ExportedProgram) -> Any:
    file = io.BytesIO()
    torchdraft.save(program, file)
    file.seek(0)
    return torchdraft.load(file).module()


def functional_saved(program: torch.export.ExportedProgram, _x: torch.Tensor) -> Any:
    return read_again(program.run_decompositions({}))


def decomposed_saved(program: torch.export.ExportedProgram, _x: torch.Tensor) -> Any:
    return read_again(program.run_decompositions())


def exported_again(program: torch.export.ExportedProgram, x: torch.Tensor) -> Any:
    return torch.export.export(program.module(), (x,)).module()


def compiled(program: torch.export.ExportedProgram, _x: torch.Tensor) -> Any:
    torch.compiler.reset()
    return torch.compile(program.module(), backend="aot_eager")


def copied(program: torch.export.ExportedProgram, _x: torch.Tensor) -> Any:
    return copy.deepcopy(program).module()


MODELS = (SqueezesOneFound, FindsNothing, UnbindsTheFirst, ReadsNumbers, Rounds, ReadsARow, ReturnsCondition, Regions)
STEPS = (decomposed, functional_saved, decomposed_saved, exported_again, compiled, copied)
X = torch.tensor([0.0, 0.0, 3.0, 0.0, 0.0])


@functools.cache
def drafted(model: Callable[[], nn.Module]) -> tuple[nn.Module, torch.export.ExportedProgram]:
    torch.manual_seed(0)
    module = model()
    return module, torchdraft.draft_export(module, (X,))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_program_goes_on(model: Callable[[], nn.Module], step: Callable[..., Any]) -> None:
    module, program = drafted(model)
    further = step(program, X)
    assert difference(further(X), module(X)) == ""


@pytest.mark.parametrize("step", STEPS[:4], ids=lambda step: step.__name__)
def test_what_was_asserted_of_a_size_still_is(step: Callable[..., Any]) -> None:
    further = step(drafted(SqueezesOneFound)[1], X)
    with pytest.raises(RuntimeError, match="assertion"):
        further(torch.ones(5))
