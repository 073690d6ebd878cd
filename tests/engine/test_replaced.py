"""Buffers assigned anew and tensors given other memory: kept over calls where the program can, told where it can't."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

import torchdraft
from tests.engine.compare import difference
from torchdraft._draft.guards import unbacked_shape_env


class Holder(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.tensor([1.0, 2.0, 3.0]))
        self.register_buffer("other", torch.tensor([4.0, 5.0, 6.0]))
        self.register_buffer("nothing", None)


class Counts(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        self.seen = self.seen * 0.5 + x[0]
        return x + self.seen


class CountsBelow(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.ModuleList([Counts(), Counts()])

    def forward(self, x: torch.Tensor) -> Any:
        return self.inner[1](self.inner[0](x))


class ReturnsTheOldOne(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        old, self.seen = self.seen, self.seen + x[0]
        return old, self.seen[:2], x * 2


class Swaps(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        self.seen, self.other = self.other, self.seen
        return x + self.seen


class TurnsItself(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        self.seen = self.seen.flip(0).view(3)
        self.other = self.other.expand(2, 3)[1]
        return x + self.seen + self.other


class Parameter(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x: torch.Tensor) -> Any:
        self.weight.data = self.weight.data * 0.5
        return x * self.weight


class WrittenParameter(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def forward(self, x: torch.Tensor) -> Any:
        with torch.no_grad():
            self.weight[1:].mul_(0.5)
        return x * self.weight


class OtherDtype(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            self.seen = (x @ x.t())[0, 0].expand(3) * 1
        return x + self.seen.float()


class OtherSize(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        self.seen = torch.cat([self.seen, x[0]])
        return x + self.seen.sum()


class OneForMany(Holder):
    """Would be copied to every element of the old one."""

    def forward(self, x: torch.Tensor) -> Any:
        self.seen = self.seen.mean() + x.mean()
        return x + self.seen


class FillsAnEmptyOne(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        self.nothing = x.mean() if self.nothing is None else self.nothing + 1
        return x + self.nothing


class MakesOne(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        self.register_buffer("fresh", x.mean())
        return x + self.fresh


class DropsOne(Holder):
    def forward(self, x: torch.Tensor) -> Any:
        del self.other
        self.seen = None
        return x * 2


class MovesItsInput(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        part = x[0]
        x.data = x.data * 2
        x.add_(1)
        return part, x[1], x.sum()


class MovesALook(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        part = x[0]
        part.data = part.data * 2
        return part, x.sum()


class ShrinksItsInput(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        x.data = x.data[:1]
        return x * 2


KEPT = [
    Counts,
    CountsBelow,
    ReturnsTheOldOne,
    Swaps,
    TurnsItself,
    Parameter,
    WrittenParameter,
    MovesItsInput,
    MovesALook,
]
LOST = [OtherDtype, OtherSize, OneForMany, FillsAnEmptyOne, MakesOne, DropsOne, ShrinksItsInput]


def example() -> torch.Tensor:
    return torch.arange(6.0).reshape(2, 3)


def reads_a_number(_module: torch.nn.Module, args: Any) -> None:
    args[0].sum().item()


def drafted(model: torch.nn.Module, rung: str, monkeypatch: pytest.MonkeyPatch) -> torch.export.ExportedProgram:
    """`model` drafted on `rung`; checks that it is as it was."""
    if rung == "concrete":
        monkeypatch.setattr(unbacked_shape_env, "MOST_SYMBOLS", 0)
        model.register_forward_pre_hook(reads_a_number)
    before, tensors = copy.deepcopy(model), dict(model.named_buffers())
    program = torchdraft.draft_export(model, (example(),))
    assert program._report.rung == rung
    assert dict(model.named_buffers()).keys() == tensors.keys()
    assert all(tensor is tensors[name] for name, tensor in model.named_buffers())
    assert difference(dict(model.state_dict()), dict(before.state_dict())) == ""
    return program


@pytest.mark.parametrize("rung", ["symbolic", "concrete"])
@pytest.mark.parametrize("cls", KEPT)
def test_what_fits_is_kept_over_calls(cls: type[torch.nn.Module], rung: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = drafted(cls(), rung, monkeypatch)
    assert all(issue.severity == "note" for issue in program._report.issues if issue.code not in ("TD901", "TD103"))
    called, model = program.module(), cls()
    for _ in range(3):
        given, expected = example(), example()
        assert difference(called(given), model(expected)) == ""
        assert difference(given, expected) == ""
        assert difference(dict(called.state_dict()), dict(model.state_dict())) == ""


@pytest.mark.parametrize("cls", LOST)
def test_what_does_not_fit_is_told(cls: type[torch.nn.Module], monkeypatch: pytest.MonkeyPatch) -> None:
    program = drafted(cls(), "symbolic", monkeypatch)
    code = "TD401" if cls is ShrinksItsInput else "TD402"
    assert {issue.code for issue in program._report.issues if issue.severity == "baked"} == {code}
    assert difference(program.module()(example()), cls()(example())) == ""


def test_an_input_that_shares_memory_stays_where_it_is() -> None:
    """Copied back, the new values would be in the other input as well."""
    whole = example()
    program = torchdraft.draft_export(MovesOneOfTwo(), (whole, whole[0]))
    assert {issue.code for issue in program._report.issues if issue.severity == "baked"} == {"TD401"}
    given, expected = example(), example()
    got, want = program.module()(given, given[0]), MovesOneOfTwo()(expected, expected[0])
    assert difference(got, want) == ""
    assert difference(given[0], example()[0]) == ""


class MovesOneOfTwo(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> Any:
        x.data = x.data * 2
        return x + y
