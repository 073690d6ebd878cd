"""Programs with outputs that no graph returns, decomposed: the structure of the outputs stays."""

from __future__ import annotations

import io

import pytest
import torch

import torchdraft
from tests.cases import outputs_no_graph_returns
from tests.engine.compare import difference


class Text(torch.nn.Module):
    def forward(self, x):
        return {"y": x * 2, "label": "ok"}


class OneText(torch.nn.Module):
    def forward(self, x):
        return "ok"


class Sets(torch.nn.Module):
    def forward(self, x):
        return {1, 2}, {(1, 2): x, torch.float32: x + 1}, x.max(0), torch.float16


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")  # run_decompositions of torch
@pytest.mark.parametrize("model", [Text(), OneText(), Sets(), outputs_no_graph_returns.Model()])
def test_decomposed_programs_return_the_same(model):
    x = torch.randn(3, 2)
    program = torchdraft.draft_export(model, (x,))
    wanted = program.module()(x)
    for again in (program.run_decompositions(), program.run_decompositions({}), lowered(model, x)):
        assert difference(again.module()(x), wanted) == ""
        file = io.BytesIO()
        torchdraft.save(again, file)
        file.seek(0)
        loaded = torch.export.load(file)
        assert difference(loaded.module()(x), wanted) == ""
        assert difference(loaded.run_decompositions().module()(x), wanted) == ""


def lowered(model, x):
    return torchdraft.draft_export(model, (x,), pre_dispatch=False)
