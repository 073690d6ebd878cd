"""A rejected input is explained by the issue whose assumption it violates, a mismatch by `baked` issues."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.verify.models import Branches, drafted, wrong
from torchdraft import Outcome, Trial


def only(program: torch.export.ExportedProgram, model: torch.nn.Module, *args: Any) -> Trial:
    (trial,) = torchdraft.verify(program, model, inputs=[args]).trials
    return trial


def expressions(trial: Trial) -> set[str]:
    return {next(iter(issue.symbols), issue.expr or "") for issue in trial.issues}


def test_two_guards_on_one_line_are_told_apart() -> None:
    model, x, y = Branches(), torch.ones(2, 3), torch.ones(2)
    program = drafted(model, x, y)
    first, second, third = (
        only(program, model, *args) for args in ((-x, y), (x, -y), (x - torch.tensor([6.0, -6.0, -6.0]), y))
    )
    assert [trial.outcome for trial in (first, second, third)] == [Outcome.REJECTED] * 3
    assert [len(trial.issues) for trial in (first, second, third)] == [1, 1, 1]
    assert first.issues != second.issues
    assert first.location is not None
    assert first.location.source.strip() == "z = x * 2 if x.sum() > 0 and y.sum() > 0 else x"
    assert third.location is not None
    assert third.location.source.strip() == "return z + 1 if x[0, 0] > -5 else z"
    assert all(trial.issues[0].code == "TD101" for trial in (first, second, third))


class Loops(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for number in x.tolist():
            x = x + 1 if number > 0 else x - 1
        return x


def test_a_guard_of_a_later_turn_of_a_loop() -> None:
    model = Loops()
    program = drafted(model, torch.ones(3))
    trial = only(program, model, torch.tensor([1.0, 1.0, -1.0]))
    assert {issue.location.source.strip() for issue in trial.issues if issue.location} == {
        "x = x + 1 if number > 0 else x - 1"
    }


class Ties(torch.nn.Module):
    def forward(self, x: torch.Tensor, pair: dict[str, torch.Tensor]) -> torch.Tensor:
        if x.shape[0] > 10:
            return x[:10] + pair["a"].sum()
        return x - pair["a"].shape[0]


@pytest.mark.parametrize("dim", [Dim.DYNAMIC, Dim.AUTO])
def test_a_size_names_its_dimension(dim: Any) -> None:
    model = Ties()
    args = (torch.ones(12, 2), {"a": torch.ones(3)})
    program = drafted(model, *args, shapes={"x": {0: dim}, "pair": {"a": {0: dim}}})
    trial = only(program, model, torch.ones(9, 2), args[1])
    assert trial.outcome is Outcome.REJECTED
    assert {issue.data["dimension"] for issue in trial.issues} == {"x.shape[0]"}


def test_a_size_that_nobody_asked_about_is_accounted_for() -> None:
    model = Branches()
    program = drafted(model, torch.ones(2, 3), torch.ones(2))
    trial = only(program, model, torch.ones(2, 4), torch.ones(2))
    assert (trial.assertion, trial.issues, trial.told) == ("x.shape[1] == 3", (), True)
    text = str(torchdraft.verify(program, model, inputs=[(torch.ones(2, 4), torch.ones(2))]))
    assert "no other size was requested" in text


class Outer(torch.nn.Module):
    """Becomes an island, because Python code rejects fake tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Inner()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) * 2


class Inner(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        return x if x[0] > 0 else -x


def test_an_island_is_named_with_what_was_read_inside() -> None:
    model = Outer()
    program = drafted(model, torch.ones(3))
    trial = only(program, model, -torch.ones(3))
    assert "TD101" in {issue.code for issue in trial.issues}


def test_a_program_without_its_issue_says_so() -> None:
    model = Branches()
    program = drafted(model, torch.ones(2, 3), torch.ones(2))
    program._report = torchdraft.Report()
    trial = only(program, model, -torch.ones(2, 3), torch.ones(2))
    assert (trial.outcome, trial.issues, trial.told) == (Outcome.REJECTED, (), False)
    assert "no issue reports it" in str(torchdraft.verify(program, model, inputs=[(-torch.ones(2, 3), torch.ones(2))]))


class Fails(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.nn.functional.relu(x)


def test_an_operation_that_fails_in_the_program_alone() -> None:
    model = Fails()
    program = drafted(model, torch.ones(2, 3))
    for node in program.graph.nodes:
        if node.target is torch.ops.aten.relu.default:
            node.target, node.args = torch.ops.aten.view.default, (node.args[0], [3, 2])
    program.graph_module.recompile()
    trial = only(program, model, torch.ones(2, 3))
    assert trial.outcome is Outcome.REJECTED
    assert trial.assertion == ""
    assert trial.location is not None
    assert "relu" in trial.location.source


class Frozen(torch.nn.Module):
    """Two baked values, one for each output."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        import random

        first = x * random.random()
        second = x + random.random()
        return first, second


def test_the_issue_on_the_way_to_the_wrong_output_is_named() -> None:
    model = Frozen()
    program = drafted(model, torch.ones(2))
    trial = only(program, model, torch.ones(2))
    assert trial.outcome is Outcome.MISMATCH
    assert trial.told
    assert len(trial.issues) == 2
    bad = wrong(program, lambda module, x: (module(x)[0], None))
    assert len(only(bad, model, torch.ones(2)).issues) == 2


def test_only_the_located_issue_where_the_others_are_elsewhere() -> None:
    from torchdraft._verify.explain.blame import may_explain
    from torchdraft._verify.run.compare import Difference

    program = drafted(Frozen(), torch.ones(2))
    issues = program._report.issues
    (second,) = may_explain(program, [Difference("result", "output[1]", "", "values", 1, 2)], issues)
    assert second.location is not None
    assert second.location.source.strip() == "second = x + random.random()"
    assert len(may_explain(program, [Difference("state", "seen", "", "values")], issues)) == 2
