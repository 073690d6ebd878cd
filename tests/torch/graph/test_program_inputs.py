"""Inputs of two programs of one model correspond."""

from __future__ import annotations

import pytest
import torch

from torchdraft._torch.graph.program_inputs import MOST_COMPARED, described_inputs, held_values


class Holds(torch.nn.Module):
    def __init__(self, constant):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.register_buffer("state", torch.ones(2))
        self.constant = constant

    def forward(self, x, y):
        return x * self.weight + self.state + self.constant + y


def described(constant):
    program = torch.export.export(Holds(constant), (torch.ones(2), torch.ones(2)))
    return program, list(described_inputs(program).values())


def test_kinds():
    _, found = described(torch.tensor([1.0, 2.0]))
    assert ("input", 0) in found
    assert ("input", 1) in found
    assert ("PARAMETER", "weight") in found
    assert ("BUFFER", "state") in found
    assert len(set(found)) == 5


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (torch.tensor([1.0, 2.0]), True),
        (torch.tensor([1.0, 3.0]), False),
        (torch.tensor([1.0, 2.0]).double(), False),
        (torch.tensor([[1.0, 2.0]]), False),
    ],
)
def test_constants_are_described_by_their_values(other, same):
    one, two = described(torch.tensor([1.0, 2.0]))[1], described(other)[1]
    assert (set(one) == set(two)) is same


def test_large_constants_are_described_by_identity():
    large = torch.ones(MOST_COMPARED // 2 + 1, 2)
    assert set(described(large.clone())[1]) != set(described(large.clone())[1])


def test_what_placeholders_hold():
    constant = torch.tensor([1.0, 2.0])
    program, _ = described(constant)
    names = {node: node.name for node in described_inputs(program)}
    held = held_values(program, names)
    assert sorted(name for name, _ in held.values()) == ["constant", "state", "weight"]
    (kept,) = [value for name, value in held.values() if name == "constant"]
    assert torch.equal(kept, constant)
