"""One declaration replaces a builtin in the model's modules; a second one for the same builtin is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch

import torchdraft
from torchdraft._draft.polyfills.python.builtins import BUILTINS, replaces_builtin


@pytest.fixture(autouse=True)
def declarations() -> Iterator[None]:
    with BUILTINS.restored():
        yield


class Rounds(torch.nn.Module):
    def forward(self, x):
        return x + round(0.4)


def test_one_declaration_replaces_a_builtin():
    calls = []

    @replaces_builtin(round, why="To show that nothing else is needed.")
    def rounded(number):
        calls.append(number)
        return 0

    x = torch.ones(2)
    assert torch.equal(torchdraft.draft_export(Rounds(), (x,)).module()(x), x)
    assert calls
    assert "round" not in globals()


def test_a_second_declaration_is_refused():
    with pytest.raises(ValueError, match="replacement of the builtin isinstance is declared twice"):

        @replaces_builtin(isinstance, why="")
        def never(value, classes):
            raise AssertionError


def test_other_functions_are_refused():
    with pytest.raises(ValueError, match=r"math\.floor is not a builtin"):
        replaces_builtin(math.floor, why="")
