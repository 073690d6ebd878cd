"""A guard on a size that converts between int and float is in the graph, also after saving and decomposing."""

from __future__ import annotations

import io
import math

import pytest
import torch
from torch.export import Dim

import torchdraft

SIZES = range(2, 15)


class Branches(torch.nn.Module):
    def __init__(self, condition):
        super().__init__()
        self.condition = condition

    def forward(self, x):
        return x * 2 if self.condition(x.shape[0]) else x


CONDITIONS = {
    "remainder of a product": lambda n: int(n * 0.7) % 2 == 1,
    "root": lambda n: math.sqrt(n) > 2.5,
    "power": lambda n: int(n**0.5) == 2,
    "rounded": lambda n: round(n / 3) == 2,
    "decimal": lambda n: round(n / 3, 1) > 1.5,
    "ceil": lambda n: math.ceil(n / 3) % 2 == 0,
    "quotient": lambda n: n / 2 > 1.3,
    "mixed": lambda n: max(n / 4, 1) == 1,
    "of floats": lambda n: min(n * 0.5, 2.0) < 2,
    "remainder of floats": lambda n: n % 0.7 > 0.3,
    "truth": lambda n: int(n > 4) == 1,
}


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # torch's own
@pytest.mark.parametrize("name", CONDITIONS)
def test_the_graph_alone_asserts_the_guard(name):
    """As a program that is compiled ahead of time has nothing but its graph."""
    model = Branches(CONDITIONS[name])
    program = torchdraft.draft_export(model, (torch.ones(5, 2),), dynamic_shapes=({0: Dim.DYNAMIC},))
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    loaded = torch.export.load(file)
    decomposed = program.run_decompositions().module()
    graph = loaded.graph_module
    for run in (program.module(), loaded.module(), decomposed, lambda x: graph(x)[0]):
        right = 0
        for size in SIZES:
            x = torch.rand(size, 2)
            try:
                got = run(x)
            except Exception:
                assert size != 5
            else:
                assert torch.equal(got, model(x))
                right += 1
        assert 0 < right < len(SIZES)
