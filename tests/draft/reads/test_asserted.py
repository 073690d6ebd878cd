"""How closely floats are asserted that Python read: what Python makes of another number is never returned for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import torchdraft
from torchdraft._draft.reads.asserted import closeness_of_text, same_data

MADE: dict[str, Callable[[torch.Tensor], Any]] = {
    "compared": lambda x: 1 if x.sum().item() == 0.5 else 2,
    "compared with zero": lambda x: 1 if x.sum().item() == 0 else 2,
    "truth": lambda x: 1 if x.sum().item() else 2,
    "key": lambda x: {0.0: 1, 0.5: 2}.get(x.sum().item(), 3),
    "hash": lambda x: hash(x.sum().item()) % 7,
    "text of a number": lambda x: len(str(x.sum().item())),
    "three digits": lambda x: len(f"{x.sum().item():.3g}"),
    "text of a tensor": lambda x: len(repr(x.sum())),
    "text of elements": lambda x: len(f"{x * 1}"),
    "ratio": lambda x: x.sum().item().as_integer_ratio()[0] % 97,
    "list": lambda x: 1 / ((x * 1).tolist()[1] or 1.0),
    "array": lambda x: float(((x * 1).numpy() > 0).sum()),
    "complex": lambda x: 1 if torch.complex(x, x).sum().item() == 0 else 2,
}
MOVES = (0.0, 1e-7, -1e-7, 2e-7, -2e-7, 1e-6, 6e-6, -9e-6, 1e-3)


class Uses(torch.nn.Module):
    def __init__(self, made: str) -> None:
        super().__init__()
        self.made = MADE[made]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.made(x)


@pytest.mark.parametrize("example", [(0.0, 0.0), (0.25, 0.25), (1e-7, 0.0), (3e-6, 1e-9), (1000.0, 1.0)])
@pytest.mark.parametrize("made", MADE)
def test_right_or_loud_beside_the_example(made: str, example: tuple[float, float]) -> None:
    x, model = torch.tensor(example), Uses(made)
    program = torchdraft.draft_export(model, (x,)).module()
    assert torch.equal(program(x), model(x))
    for move in MOVES:
        moved = x + torch.tensor([0.0, move])
        try:
            have = program(moved)
        except RuntimeError:
            continue
        torch.testing.assert_close(have, model(moved))


class Recorded(torch.nn.Module):
    """A module that only a recorded run follows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + len(repr((x * 2).sum())) + x.sum().item().is_integer()


def test_texts_in_a_recorded_run() -> None:
    x = torch.tensor([1e-7, 0.0])
    program = torchdraft.draft_export(Recorded(), (x,))
    assert program._report.rung != "symbolic"
    assert torch.equal(program.module()(x), Recorded()(x))
    with pytest.raises(RuntimeError):
        program.module()(torch.tensor([3e-7, 0.0]))


class Shown(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + len(f"{x.sum().item():.2f}") + len(f"{(x * 1).sum():.1f}")


def test_rounding_that_leaves_a_text_as_it_is_passes() -> None:
    x = torch.tensor([0.3, 0.41])
    program = torchdraft.draft_export(Shown(), (x,)).module()
    moved = torch.tensor([0.3, 0.410002])
    torch.testing.assert_close(program(moved), Shown()(moved))


@pytest.mark.parametrize("value", [1.0, -3.0, 1e-7, 1e-30, 1e6])
def test_rounding_keeps_the_sign_and_the_size(value: float) -> None:
    read = torch.tensor([value, 0.0])
    assert same_data(read * (1 + 1e-6), read, "rounded").all()
    for other in (read * 1.1, -read, read + torch.tensor([0.0, 1e-9])):
        assert not same_data(other, read, "rounded").all()


def test_exact_data() -> None:
    read = torch.tensor([1.0, float("nan"), -0.0])
    for closeness in ("exact", "same text"):
        assert same_data(read.clone(), read, closeness).all()
        assert not same_data(torch.tensor([1.0 + 2e-7, float("nan"), -0.0]), read, closeness).all()
    other_zero = torch.tensor([1.0, float("nan"), 0.0])
    assert same_data(other_zero, read, "exact").all()
    assert not same_data(other_zero, read, "same text").all()


def test_the_text_decides_how_closely_data_is_asserted() -> None:
    assert closeness_of_text(torch.tensor(0.123456), lambda x: f"{x:.2f}") == "rounded"
    assert closeness_of_text(torch.tensor(0.125), lambda x: f"{x:.2f}") == "same text"
    assert closeness_of_text(torch.tensor(0.9999999), repr) == "same text"
    assert closeness_of_text(torch.tensor(3), repr) == "exact"
