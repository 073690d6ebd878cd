"""The check behind the tables of docs/shipping.md, on programs with one mistake each."""

from __future__ import annotations

import pytest
import torch

from benchmarks.shipping.__main__ import outcomes
from benchmarks.shipping.models import MODELS, Model
from benchmarks.shipping.page import BEGIN, END, drawn, written
from benchmarks.shipping.tables import KINDS, TABLES, is_ours


def model(kind: str) -> Model:
    return next(each for each in MODELS if each.kind == kind)


BRANCH, BUFFER = model("TD101 branch on a number"), model("TD402 write to a buffer")


def refuses(*_args: object) -> object:
    raise RuntimeError("refused")


class Forgetful(torch.nn.Module):
    """Right results, and a buffer that stays as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Module()
        self.inner.register_buffer("seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (self.inner.seen + x.sum())


@pytest.mark.parametrize(
    ("of", "run", "counts"),
    [
        (BRANCH, BRANCH.build(), {"right": 2, "loud": 1, "silent": 0, "wrong": 0}),
        (BRANCH, lambda x: x * 2, {"right": 2, "loud": 0, "silent": 1, "wrong": 0}),
        (BRANCH, lambda x: x * 3, {"right": 0, "loud": 0, "silent": 3, "wrong": 0}),
        (BRANCH, refuses, {"right": 0, "loud": 1, "silent": 0, "wrong": 2}),
        (BRANCH, lambda x: x.mul_(2), {"right": 0, "loud": 0, "silent": 3, "wrong": 0}),
        (BUFFER, BUFFER.build(), {"right": 2, "loud": 0, "silent": 0, "wrong": 0}),
        (BUFFER, Forgetful(), {"right": 0, "loud": 0, "silent": 2, "wrong": 0}),
    ],
)
def test_every_input_is_counted(of: Model, run: object, counts: dict[str, int]) -> None:
    found = outcomes(of, run)
    assert {name: found[name] for name in counts} == counts


def test_a_cell_says_the_worst_that_happened() -> None:
    none = dict.fromkeys(("silent", "wrong", "of_broken"), 0)
    column = next(iter(KINDS.columns))
    cells = {
        f"kinds|{kind}|{column}": found
        for kind, found in {
            "a": {**none, "silent": 2, "wrong": 1},
            "b": {**none, "wrong": 1},
            "c": {**none, "of_broken": 1},
            "d": none,
            "e": {"error": "x"},
        }.items()
    }
    lines = drawn(KINDS, cells, ["a", "b", "c", "d", "e", "f"]).splitlines()[2:]
    assert [line.split(" | ")[1] for line in lines] == ["**2 silent**", "1 refused", "loud", "right", "no file", "–"]


def test_a_table_is_written_between_its_own_marks() -> None:
    page = "".join(f"{table.name}\n{BEGIN.format(table.name)}\nold\n{END}\n" for table in TABLES) + "end"
    changed = written(page, TABLES[1], "new")
    assert changed.startswith(page[: page.index(TABLES[1].name)])
    assert changed.endswith(f"{BEGIN.format(TABLES[1].name)}\n\nnew\n\n{END}\nend")


def test_kinds_have_names_of_their_own() -> None:
    for table in TABLES:
        assert len({row.kind for row in table.rows}) == len(table.rows)
    assert [is_ours(column) for column in KINDS.columns] == [True, False] * 3
