"""Conditions of code without source are said from what the trace computed."""

from __future__ import annotations

import pytest
import torch

import torchdraft
from torchdraft._draft.tracing.computed_text import LONGEST

X = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
Y = torch.tensor([[3, 1], [2, 2]])


def model(body, init="pass"):
    """A module whose code has no source, as in a shell."""
    text = "class Model(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    text += f"        {init}\n    def forward(self, x, y):\n"
    text += "".join(f"        {line}\n" for line in body.splitlines())
    names = {"torch": torch}
    exec(text, names)
    return names["Model"]()


def report(body, *args, init="pass", **options):
    return torchdraft.report(torchdraft.draft_export(model(body, init), args or (X, Y), **options))


def conditions(body, *args, **options):
    return [issue.expr for issue in report(body, *args, **options).issues]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("x.sum() > 0", "x.sum() > 0"),
        ("0 < x.sum()", "x.sum() > 0"),
        ("(x > 0).any()", "(x > 0).any()"),
        ("x.sum() != 3", "x.sum() != 3"),
        ("x.sum()", "x.sum() != 0"),
        ("not (x > 100).all()", "(x > 100).all()"),
        ("(x * 2 - 1).abs().max() > 1", "(x * 2 - 1).abs().max() > 1"),
        ("(x - (x - 1)).sum() > 1", "(x - (x - 1)).sum() > 1"),
        ("((x > 1) == (x > 2)).any()", "((x > 1) == (x > 2)).any()"),
        ("(-x).sum() < 0", "(-x).sum() < 0"),
        ("(~(x > 1)).any()", "(~(x > 1)).any()"),
        ("x.sum(1)[0] > 1", "x.sum([1])[0] > 1"),
        ("x[0, 1] > 1", "x[0, 1] > 1"),
        ("x[1:, 0].sum() > 1", "x[1:][:, 0].sum() > 1"),
        ("x.max(1)[0].sum() > 1", "x.max(1)[0].sum() > 1"),
        ("x.max(1)[1].sum() > 0", "x.max(1)[1].sum() > 0"),
        ("x.t().sum() > 1", "x.t().sum() > 1"),
        ("torch.cat([x, x]).sum() > 1", "torch.cat([x, x]).sum() > 1"),
        ("torch.cat([x] * 9).sum() > 1", "torch.cat([x, x, x, x, …]).sum() > 1"),
        ("x.sum().item() > 0.5", "x.sum().item() > 0.5"),
        ("x.std().item() * 2 > 1", "2.0*x.std().item() > 1.0"),
        ("x.detach().sum() > 0", "x.sum() > 0"),
        ("x.double().sum() > 0", "x.to(torch.float64).sum() > 0"),
        ("torch.split(x, 1)[2].sum() > 0", "x.split(1)[2].sum() > 0"),
        ("x.unbind()[1].sum() > 0", "x[1].sum() > 0"),
    ],
)
def test_a_branch(condition, expected):
    assert conditions(f"if {condition}:\n    x = x + 1\nreturn x") == [expected]


def test_a_size_and_a_number():
    found = conditions(
        "k = x[x > 2]\nif k.shape[0] > 1:\n    k = k + 1\nif k.shape[0] > y[0, 0].item():\n    k = k * 2\nreturn k"
    )
    assert found == ["x[x > 2].shape[0] > 1", "x[x > 2].shape[0] > y[0, 0].item()"]


def test_a_number_in_an_index():
    body = "if x[: y[0, 0].item()].sum() > 0:\n    x = x + 1\nreturn x"
    assert conditions(body) == ["x[:y[0, 0].item()].sum() > 0"]


def test_a_number_that_python_needed():
    assert conditions("for _ in range(int(y.max())):\n    x = x + 1\nreturn x") == ["y.max().item()"]


def test_a_list_of_numbers():
    (issue,) = report("for t in y.tolist()[0]:\n    if t > 2:\n        x = x + t\nreturn x").issues
    assert (issue.expr, issue.occurrences) == ("y[0, 0].item() > 2", 2)


def test_a_write_before_the_read_is_said():
    assert conditions("z = x * 1\nz.add_(1)\nif z[0].sum() > 0:\n    z = z + 1\nreturn z") == [
        "(x * 1).add_(1)[0].sum() > 0"
    ]


def test_weights_and_nested_inputs_have_their_names():
    init = "self.layer = torch.nn.Linear(2, 2); self.register_buffer('low', torch.zeros(2))"
    body = "if self.layer.weight.sum() > -9 * y['a'].max():\n    x = x + 1\n"
    body += "if (x > self.low).all():\n    x = x + 2\nreturn x"
    found = conditions(body, X, {"a": Y.float()}, init=init)
    assert found == ["self.layer.weight.sum() > y['a'].max() * -9", "(x + 1 > self.low).all()"]


def test_an_operator_of_the_user():
    @torch.library.custom_op("computed_text::twice", mutates_args=())
    def twice(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    twice.register_fake(torch.empty_like)
    assert conditions("if torch.ops.computed_text.twice(x).sum() > 0:\n    x = x + 1\nreturn x") == [
        "computed_text.twice(x).sum() > 0"
    ]


def test_a_long_computation_is_cut():
    body = "for n in range(40):\n    x = (x + n).sin() * x.cos()\nif x.sum() > -9:\n    x = x + 1\nreturn x"
    (found,) = conditions(body)
    assert found.endswith(".sum() > -9")
    assert "…" in found
    assert len(found) <= LONGEST


def test_the_symbol_is_explained():
    (issue,) = report("k = x[x > 2]\nif k.shape[0] > 1:\n    k = k + 1\nreturn k").issues
    assert list(issue.symbols.values()) == ["x[x > 2].shape[0] at <string>:6"]


def test_both_sides_of_a_branch():
    (branch,) = report("if x.sum() > 0:\n    x = x + 1\nreturn x", paths="all").paths
    assert branch.condition == "x.sum() > 0"


def test_with_source_the_source_is_said():
    class Model(torch.nn.Module):
        def forward(self, x, y):
            if (x * 1).sum().gt(0):
                x = x + 1
            return x

    (issue,) = torchdraft.report(torchdraft.draft_export(Model(), (X, Y))).issues
    assert issue.expr == "(x * 1).sum().gt(0)"


def test_an_operator_without_a_schema():
    body = (
        "x = torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))\nif x.sum() > 0:\n    x = x + 1\nreturn x"
    )
    (found,) = conditions(body)
    assert found.endswith(".sum() > 0")


def test_what_cannot_be_written_costs_a_name_and_no_program(monkeypatch):
    def fails(*_):
        raise RuntimeError("no text")

    monkeypatch.setattr("torchdraft._draft.tracing.context.ComputedText.truth", fails)
    (found,) = conditions("if x.sum() > 0:\n    x = x + 1\nreturn x")
    assert found == "u0 == 1"
