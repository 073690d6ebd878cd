"""The counter tells right, loud and wrong programs apart, whatever a wrong program gets wrong."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from benchmarks.general.check import LOUD, RIGHT, Result, check
from benchmarks.general.registry import Call, Model, negative, positive
from benchmarks.general.table import by_exporter, by_kind, failures


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        if x.max() > 100:
            raise ValueError("too large")
        if x.sum() > 0:
            self.seen += 1
            return {"y": x * 2, "steps": 2, "on": True}
        x.mul_(3)
        return {"y": x + 1, "steps": 3, "on": False}


MODEL = Model(
    name="branches:branches",
    kind="branches",
    module=Branches,
    example=Call(positive(3)),
    others=(Call(negative(3)), Call(positive(3) * 2)),
    refused=(Call(positive(3) * 2000),),
)


def exporter(change):
    """An exporter whose program is the model itself with one method replaced."""

    def export(module, args, kwargs, dynamic_shapes):
        program = copy.deepcopy(module)
        forward = program.forward
        program.forward = lambda x: change(program, forward, x)
        return SimpleNamespace(module=lambda: program)

    return export


def right(program, forward, x):
    return forward(x)


def taken_as_on_the_example(program, forward, x):
    return {"y": x * 2, "steps": 2, "on": True}


def raises_elsewhere(program, forward, x):
    assert x.sum() > 0
    return forward(x)


def input_not_written(program, forward, x):
    return forward(x.clone())


def buffer_not_written(program, forward, x):
    out = forward(x)
    program.seen.zero_()
    return out


def buffer_written_elsewhere(program, forward, x):
    program.seen += x.sum() < 0
    return forward(x)


def number_kept(program, forward, x):
    return {**forward(x), "steps": 2}


def number_of_another_type(program, forward, x):
    return {**forward(x), "on": int(x.sum() > 0)}


def tensor_for_number(program, forward, x):
    out = forward(x)
    return {**out, "steps": torch.tensor(out["steps"])}


def key_lost(program, forward, x):
    out = forward(x)
    return {key: out[key] for key in ("y", "steps")}


def size_lost(program, forward, x):
    out = forward(x)
    return {**out, "y": out["y"][None]}


def dtype_lost(program, forward, x):
    out = forward(x)
    return {**out, "y": out["y"].double()}


def takes_what_eager_refuses(program, forward, x):
    return forward(x.clamp(max=100)) if x.max() > 100 else forward(x)


def test_a_right_program_is_right_everywhere():
    result = check(MODEL, "right", exporter(right))
    assert result.example.outcome == RIGHT
    assert [verdict.outcome for verdict in (*result.others, *result.raising)] == [RIGHT] * 3
    assert result.general
    assert not result.wrong


def test_a_program_that_raises_is_loud():
    result = check(MODEL, "loud", exporter(raises_elsewhere))
    assert [verdict.outcome for verdict in result.others] == [LOUD, RIGHT]
    assert not result.general
    assert not result.wrong


@pytest.mark.parametrize(
    "change",
    [
        taken_as_on_the_example,
        input_not_written,
        buffer_not_written,
        buffer_written_elsewhere,
        number_kept,
        number_of_another_type,
        tensor_for_number,
        key_lost,
        size_lost,
        dtype_lost,
        takes_what_eager_refuses,
    ],
)
def test_a_wrong_program_is_wrong(change):
    result = check(MODEL, "wrong", exporter(change))
    assert result.wrong
    assert not result.general
    assert not result.refused


def test_every_call_starts_from_the_state_of_the_export():
    model = Model(name="m", kind="k", module=Branches, example=MODEL.example, others=(MODEL.example,) * 3)
    assert check(model, "right", exporter(right)).general


def test_a_refused_model_has_no_program_and_the_reason():
    def refuses(module, args, kwargs, dynamic_shapes):
        raise RuntimeError("data-dependent\nbranch")

    result = check(MODEL, "none", refuses)
    assert result.refused == "RuntimeError: data-dependent branch"
    assert not result.general
    assert not result.wrong


def results() -> list[Result]:
    changes = {"ours-all": right, "ours": raises_elsewhere, "draft": taken_as_on_the_example}
    return [check(MODEL, name, exporter(change)) for name, change in changes.items()]


def test_the_tables_count_the_other_inputs():
    lines = list(by_exporter(results()))
    assert lines[2].startswith('| torchdraft, paths="all" | 1 | 2 | 2 (100 %) | 0 | 0 | 0 | 1 models |')
    assert lines[3].startswith("| torchdraft | 1 | 2 | 1 (50 %) | 1 | 0 | 0 | 0 models |")
    assert lines[4].startswith("| torch.export.draft_export | 1 | 2 | 0 (0 %) | 0 | 2 | 0 | 0 models |")
    assert list(by_kind(results()))[2] == "| branches | 1 | 2 | 100 % | 50 % | 0 %, 2 wrong |"


def test_what_ours_does_not_serve_is_listed_with_its_reason():
    lines = list(failures(results()))
    assert lines[0] == "torchdraft:"
    assert lines[1].startswith("  branches:branches: 1 of 2 right; loud on input 1: AssertionError")
    assert len(lines) == 2
