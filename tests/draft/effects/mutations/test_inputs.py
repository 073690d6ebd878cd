"""Inputs that are containers or objects and hold other things after the call, which no program does."""

from __future__ import annotations

import copy

import pytest
import torch

import torchdraft


class Batch:
    def __init__(self, x):
        self.x = x


class Adds(torch.nn.Module):
    def forward(self, batch):
        batch["y"] = batch["x"] * 2
        return batch["y"] + 1


class Takes(torch.nn.Module):
    def forward(self, batch):
        return batch.pop("x") * 2


class Appends(torch.nn.Module):
    def forward(self, parts):
        parts[0]["rows"].append(parts[0]["rows"][0] * 2)
        return parts[0]["rows"][-1] + 1


class SetsAttribute(torch.nn.Module):
    def forward(self, batch):
        batch.y = batch.x * 2
        return batch.y


class Reads(torch.nn.Module):
    def forward(self, batch):
        batch["x"].mul_(2)
        return {**batch, "y": batch["x"] + 1}


def reported(model: torch.nn.Module, given: object) -> list[tuple[str, str]]:
    before = copy.deepcopy(given)
    program = torchdraft.draft_export(model, (given,))
    verified = torchdraft.verify(program, model, n=3)
    assert verified.ok, str(verified)
    assert type(given) is type(before)
    return [(i.code, i.severity) for i in program._report.issues if i.code == "TD401"]


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (Adds(), {"x": torch.ones(2)}),
        (Takes(), {"x": torch.ones(2), "z": torch.ones(1)}),
        (Appends(), [{"rows": [torch.ones(2)]}]),
        (SetsAttribute(), Batch(torch.ones(2))),
    ],
)
def test_changed_containers_are_reported(model, given):
    assert reported(model, given) == [("TD401", "baked")]


def test_a_write_to_a_tensor_in_a_container_is_no_change_of_the_container():
    assert reported(Reads(), {"x": torch.ones(2)}) == [("TD401", "note")]
