"""The merged graph runs in place of the model: saved, lowered, drafted again, with hooks."""

from __future__ import annotations

import io

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.draft.paths.every_path import DOWN, MIXED, UP, assert_right, drafted, outcome
from tests.draft.paths.models import ElseIf, InSubmodules, Numbers, SizesFromData, WritesBuffer

INPUTS = (UP,), (DOWN,), (MIXED,), (UP * 10,)
MODELS = [ElseIf, InSubmodules, Numbers, SizesFromData, WritesBuffer]


@pytest.mark.parametrize("model", MODELS)
def test_saved_and_loaded(model: type[torch.nn.Module]) -> None:
    built = model()
    file = io.BytesIO()
    program = drafted(built, INPUTS[0])
    torchdraft.save(program, file)
    file.seek(0)
    loaded = torchdraft.load(file)
    assert [outcome(built, loaded, args) for args in INPUTS] == ["right"] * 4
    assert loaded._report.paths == program._report.paths


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch, about itself
@pytest.mark.parametrize("model", MODELS)
def test_decomposed(model: type[torch.nn.Module]) -> None:
    built = model()
    lowered = drafted(built, INPUTS[0]).run_decompositions()
    assert [outcome(built, lowered, args) for args in INPUTS] == ["right"] * 4


@pytest.mark.parametrize("model", MODELS)
def test_drafted_again(model: type[torch.nn.Module]) -> None:
    built = model()
    again = torchdraft.draft_export(drafted(built, INPUTS[0]).module(), INPUTS[0])
    assert [outcome(built, again, args) for args in INPUTS] == ["right"] * 4


@pytest.mark.parametrize("kind", ["forward", "pre"])
def test_hooks_of_the_model_run_once(kind: str) -> None:
    calls: list[int] = []

    def before(_module, inputs):
        calls.append(1)
        return (inputs[0] + 1,)

    def after(_module, _inputs, output):
        calls.append(1)
        return output * 10

    model = ElseIf()
    if kind == "pre":
        model.register_forward_pre_hook(before)
    else:
        model.register_forward_hook(after)
    assert_right(model, *INPUTS)
    table = model._forward_pre_hooks if kind == "pre" else model._forward_hooks
    assert len(table) == 1


class Keywords(torch.nn.Module):
    def forward(self, x, *, scale, table):
        y = x * scale if x.sum() > 0 else x - scale
        return {"y": y + table["b"], "b": table["b"]}


def test_keyword_inputs_and_containers() -> None:
    kwargs = {"scale": torch.tensor(2.0), "table": {"b": torch.ones(3)}}
    program = torchdraft.draft_export(Keywords(), (UP,), kwargs, paths="all")
    for x in (UP, DOWN):
        want, got = Keywords()(x, **kwargs), program.module()(x, **kwargs)
        assert torch.equal(want["y"], got["y"])
        assert list(got) == ["y", "b"]


class Flagged(torch.nn.Module):
    def forward(self, x, flag):
        y = x * 2 if x.sum() > 0 else x - 1
        return y if flag else -y


def test_a_constant_among_the_inputs() -> None:
    assert_right(Flagged(), (UP, True), (DOWN, True))


class Batched(torch.nn.Module):
    def forward(self, x):
        return x.softmax(0) if x.mean() > 0 else x.cumsum(0)


def test_a_dynamic_batch_stays_dynamic() -> None:
    inputs = [(torch.full((n, 2), value),) for n in (4, 2, 9) for value in (1.0, -1.0)]
    program = assert_right(Batched(), *inputs, dynamic_shapes=({0: Dim("batch")},))
    assert [dimension.got for dimension in program._report.dimensions] == ["dynamic"]
