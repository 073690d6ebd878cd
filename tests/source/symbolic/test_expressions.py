"""Expressions, symbols and locals of issues are printed as the model's code."""

from __future__ import annotations

import gc
import inspect
import re
from dataclasses import replace

import pytest
import torch

import torchdraft
from tests.engine.world import fakes_alive
from torchdraft._source.symbolic import expressions

AUTO = torch.export.Dim.AUTO


class Questions(torch.nn.Module):
    """The comment after each condition has the expression that its issue must show."""

    def forward(self, ids, lens, mask, n):  # noqa: C901
        y = ids * 2.0
        if lens.max().item() > ids.shape[1] - 20:  # expr: lens.max().item() > ids.shape[1] - 20
            y = y + 1
        if mask.any():  # expr: mask.any()
            y = y + 1
        if not mask.all() and mask.sum() < 9:  # expr: mask.all(); mask.sum() < 9
            y = y + 2
        for row in range(int(lens.max())):  # expr: int(lens.max())
            y = y + row
        f = y.sum().item()
        if f * 0.5 > 3:  # expr: 0.5*y.sum().item() > 3.0
            y = y * 2
        rows = mask.nonzero()
        if len(rows) > 2:  # expr: mask.nonzero().shape[0] > 2
            y = y + 1
        a, b = lens.tolist()
        if a < b:  # expr: lens.tolist()[0] < lens.tolist()[1]
            y = y + 1
        for value in lens.tolist():
            if value > 1:  # expr: lens.tolist()[0] > 1
                y = y + 1
        if ids[lens > 2].shape[0] == 2:  # expr: ids[lens > 2].shape[0] == 2
            y = y + 1
        if (
            y.abs()  # expr: y.abs().sum() > 0
            .sum() > 0
        ):  # fmt: skip
            y = y + 1
        while y.sum() < 1000:  # expr: y.sum() < 1000
            y = y * 10
        _values, counts = torch.unique(ids, return_counts=True)
        if counts.shape[0] // 2 >= 3:  # expr: counts.shape[0] // 2 >= 3
            y = y + 1
        if torch.equal(lens, lens.clone()):  # expr: torch.equal(lens, lens.clone())
            y = y + 1
        y = y + torch.nn.functional.one_hot(lens).shape[1]  # expr: lens.max().item()
        y = y + torch.nn.functional.one_hot(lens + 1).sum()  # expr: (lens + 1).max().item()
        table = torch.arange(n)
        if table.shape[0] % 2 == 1:  # expr: table.shape[0] % 2 == 1
            y = y + 1
        return y


EXAMPLE = (
    torch.arange(12).reshape(2, 6),
    torch.tensor([3, 4]),
    torch.tensor([True, False, True, True]),
    torch.tensor(5),
)


@pytest.fixture(scope="module")
def report():
    shapes = {"ids": {1: AUTO}, "lens": None, "mask": None, "n": None}
    return torchdraft.draft_export(Questions(), EXAMPLE, dynamic_shapes=shapes)._report


def expected():
    lines, first = inspect.getsourcelines(Questions)
    for number, line in enumerate(lines):
        if found := re.search(r"# expr: (.*?)$", line):
            yield first + number, found[1].split("; ")


@pytest.mark.parametrize(("line", "texts"), list(expected()))
def test_an_expression_reads_like_the_code(report, line, texts):
    found = [i for i in report.issues if i.location.line == line]
    assert [i.expr for i in found] == texts
    assert all(re.search(r"\b(u|zuf)\d", i.data["symbolic"]) for i in found)


def at(report, text):
    return next(i for i in report.issues if text in i.location.source)


def test_symbols_say_where_they_come_from(report):
    issue = at(report, "if lens.max().item()")
    line = issue.location.line
    assert issue.symbols == {"s27": "ids.shape[1]", "u0": f"lens.max().item() at test_expressions.py:{line}"}


def test_locals_are_those_of_the_line(report):
    assert at(report, "if lens.max().item()").locals == {"lens": "i64[2]", "ids": "i64[2, s27]"}
    assert at(report, "if f * 0.5").locals == {"f": "zuf0"}


def test_the_question_of_a_while_is_one_issue(report):
    issue = at(report, "while y.sum()")
    assert issue.occurrences > 1
    assert issue.data["values"] == ["True", "False"]


class Chained(torch.nn.Module):
    def forward(self, x):
        return x + 1 if 0 < x.sum() < 100 else x


def test_the_two_questions_of_a_chain_are_two_issues():
    issues = torchdraft.draft_export(Chained(), (torch.ones(3),))._report.issues
    assert [i.code for i in issues] == ["TD101", "TD101"]
    assert "a truth value of" in next(iter(issues[0].symbols.values()))


class AsksForItsLocals(torch.nn.Module):
    def forward(self, x, scale):
        given = locals()
        if x.sum() > 0:
            x = x * 2
        late = x + 1
        return given["x"] * given["scale"] + x * len(set(given) & {"x", "scale", "self"})


def test_a_model_that_asks_for_its_locals_keeps_them():
    args = (torch.ones(3), torch.tensor(2.0))
    program = torchdraft.draft_export(AsksForItsLocals(), args)
    assert program._report.rung == "symbolic"
    torch.testing.assert_close(program.module()(*args), AsksForItsLocals()(*args))


def test_a_report_without_its_graph_keeps_no_tensor_of_the_trace():
    before = fakes_alive()
    report = torchdraft.draft_export(Chained(), (torch.ones(3),))._report
    report = replace(report, list_nodes=None)  # the graph of the program, for the page, describes its values
    gc.collect()
    assert report.issues
    assert fakes_alive() <= before


def test_an_origin_is_not_looked_up_for_each_guard_on_its_symbol(monkeypatch):
    looked_up = []
    own = expressions._code_at
    monkeypatch.setattr(expressions, "_code_at", lambda origin, frame: looked_up.append(origin) or own(origin, frame))

    class Turns(torch.nn.Module):
        def forward(self, x):
            n = int(x.sum())
            for turn in range(20):
                if n > turn - 30:
                    x = x + 1
            return x

    report = torchdraft.draft_export(Turns(), (torch.ones(3),))._report
    assert sum(issue.occurrences for issue in report.issues) >= 20
    assert len(looked_up) <= 2  # for the text of the guards, and for the description of the symbol
