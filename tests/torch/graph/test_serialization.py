"""What a file cannot hold is found without writing the file: what is said agrees with what `torch.export.save` does."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch.nn.attention.flex_attention import flex_attention

import torchdraft
from torchdraft._torch.graph.serialization import unsaveable_parts

X = torch.ones(2, 2, 16, 8)


def exported(forward: Any, *args: Any) -> torch.export.ExportedProgram:
    class Model(torch.nn.Module):
        def forward(self, *given):
            return forward(*given)

    return torchdraft.draft_export(Model(), args)


def saves(program: torch.export.ExportedProgram) -> bool:
    try:
        torch.export.save(program, io.BytesIO())
    except Exception:  # whatever torch raises
        return False
    return True


def without_grad(x):
    with torch.no_grad():
        return flex_attention(x, x, x)


@pytest.mark.parametrize("forward", [lambda x: flex_attention(x, x, x), without_grad], ids=["flex", "in a region"])
def test_an_operator_whose_arguments_have_no_form(forward):
    program = exported(forward, X)
    assert not saves(program)
    (part,) = unsaveable_parts(program)
    assert part.what == "flex_attention"
    assert "int, int, Node" in part.reason
    assert part.node is not None


def loop(x):
    return torch.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2), (torch.tensor(0), x))[1]


class Bounds(torch.nn.Module):
    def forward(self, x, n):
        sizes = [x.shape[0], n.item()]
        return x.new_zeros(sizes).sum() + x.reshape([]).clamp(None, 2.0), torch.split(x, [x.shape[0]]), str(x.dtype)


@pytest.mark.parametrize(
    ("model", "args"),
    [
        (torch.nn.Linear(3, 2), (torch.ones(4, 3),)),
        (torch.nn.LSTM(3, 2), (torch.ones(4, 1, 3),)),
        (torch.nn.TransformerEncoderLayer(4, 2), (torch.ones(4, 1, 4),)),
        (Bounds(), (torch.ones(1), torch.tensor(3))),
    ],
    ids=["linear", "lstm", "encoder", "numbers"],
)
def test_nothing_stands_against_a_program_that_saves(model, args):
    program = torchdraft.draft_export(model, args)
    assert saves(program)
    assert unsaveable_parts(program) == []


@pytest.mark.parametrize(
    "forward",
    [
        loop,
        lambda x: torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,)),
        lambda x: torch.ops.aten.index(x, [None, torch.tensor([0, 1])]),
        lambda x: x.to(torch.float64, memory_format=torch.contiguous_format).sum([]),
    ],
)
def test_nothing_stands_against_unusual_arguments_that_save(forward):
    program = exported(forward, X)
    assert saves(program)
    assert unsaveable_parts(program) == []


def holding(constant: Any) -> torch.export.ExportedProgram:
    """A program that has `constant` among its constants, without the passes that would take it apart."""
    program = exported(lambda x: x + 1, X)
    program.constants["held"] = constant
    return program


def test_constants_that_a_file_cannot_hold():
    class Inside(torch.Tensor):
        pass

    for constant, reason in (
        (torch.eye(3).to_sparse(), "torch.sparse_coo"),
        (torch.eye(3).to_sparse_csr(), "torch.sparse_csr"),
        (torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]), "nested"),
        (torch.ones(2).as_subclass(Inside), "defined in a function"),
        (torch.empty(2, dtype=torch.bits8), "torch.bits8"),
    ):
        program = holding(constant)
        (part,) = unsaveable_parts(program)
        assert (part.what, reason in part.reason) == ("held", True), part
        assert not saves(program), constant.layout


def test_a_structure_that_cannot_be_written():
    program = exported(lambda x: {object: x}, X)
    found = unsaveable_parts(program)
    assert saves(program) == (not found)


def test_the_serializer_is_not_asked_about_ordinary_programs(monkeypatch):
    """It imports Inductor, which takes a second."""
    dynamic = torch.export.Dim.DYNAMIC
    layer = torch.nn.TransformerEncoderLayer(4, 2, batch_first=True).train()
    program = torchdraft.draft_export(layer, (torch.ones(2, 3, 4),), dynamic_shapes=({0: dynamic, 1: dynamic},))
    monkeypatch.setattr("torchdraft._torch.graph.serialization._refusal", None)
    assert unsaveable_parts(program) == []
