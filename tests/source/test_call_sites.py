"""The same assumption in a loop or in repeated layers is one issue; two assumptions on one line are two issues."""

from __future__ import annotations

import random

import pytest
import torch

import torchdraft


class Gate(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # here
            return x * 2
        return x


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = Gate(), Gate()

    def forward(self, x):
        x = self.first(x)
        return self.second(x)


class InList(torch.nn.Module):
    def __init__(self, made=Gate, count=4):
        super().__init__()
        self.layers = torch.nn.ModuleList(made() for _ in range(count))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class InSequence(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(Gate(), torch.nn.Linear(3, 3), Gate())

    def forward(self, x):
        return self.body(x)


class OneOften(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = Gate()

    def forward(self, x):
        for _ in range(3):
            x = self.gate(x)
        return x


class TwoOnOneLine(torch.nn.Module):
    def forward(self, x, y):
        return x * 2 if x.sum() > 0 and y.sum() > 0 else x


class SameOnTwoLines(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x = x * 2
        if x.sum() > 0:
            x = x * 2
        return x


class Remembers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x


class Repeats(torch.nn.Module):
    def forward(self, x):
        return x + len(range(int(x.sum()) % 3))


class Sorts(torch.nn.Module):
    def forward(self, x):
        return x * float(x.numpy().max())


class Draws(torch.nn.Module):
    def forward(self, x):
        return x + random.random()


class AlwaysPositive(torch.nn.Module):
    """The same condition on one value repeatedly: in the loop, and on another line."""

    def forward(self, x):
        n = x.sum()
        for _ in range(3):
            if n.item() > 0:
                x = x + 1
        return x


def issues(model, *args):
    return torchdraft.draft_export(model, args)._report.issues


X = torch.rand(3) + 1


@pytest.mark.parametrize(
    ("model", "modules"),
    [
        (InList(), ("layers.0", "layers.1", "layers.2", "layers.3")),
        (InList(Block, 2), ("layers.0.first", "layers.0.second", "layers.1.first", "layers.1.second")),
        (Block(), ("first", "second")),
    ],
)
def test_repeated_layers_are_one_issue_that_lists_them(model, modules):
    (issue,) = issues(model, X)
    assert issue.location.source.endswith("# here")
    assert (issue.occurrences, issue.modules) == (len(modules), modules)
    assert issue.expr == "x.sum() > 0"


@pytest.mark.parametrize(("layer", "code"), [(Repeats, "TD102"), (Sorts, "TD103"), (Draws, "TD404")])
def test_so_is_any_other_kind_of_assumption(layer, code):
    found = issues(InList(layer, 3), X)
    assert [i.code for i in found] == [code]
    assert found[0].occurrences >= 3
    assert found[0].modules == ("layers.0", "layers.1", "layers.2")


def test_layers_of_a_sequence_are_one_issue():
    found = issues(InSequence(), X)
    assert [i.modules for i in found] == [("body.0", "body.2")]


def test_one_layer_called_often_is_one_issue():
    (issue,) = issues(OneOften(), X)
    assert (issue.occurrences, issue.modules) == (3, ("gate",))


def test_two_on_one_line_are_two():
    first, second = issues(TwoOnOneLine(), X, X)
    assert (first.expr, second.expr) == ("x.sum() > 0", "y.sum() > 0")
    assert first.location.line == second.location.line
    assert first.location.column < second.location.column


def test_the_same_on_two_lines_is_two():
    first, second = issues(SameOnTwoLines(), X)
    assert first.location.line + 2 == second.location.line
    assert (first.occurrences, second.occurrences) == (1, 1)


def test_a_question_asked_again_is_counted():
    (issue,) = issues(AlwaysPositive(), X)
    assert issue.occurrences == 3


def test_an_attribute_that_every_layer_writes_is_one_issue():
    (issue,) = issues(InList(Remembers, 3), X)
    assert (issue.code, issue.occurrences) == ("TD402", 3)
    assert issue.modules == ("layers.0", "layers.1", "layers.2")


class Repeats(torch.nn.Module):
    def forward(self, x, counts):
        for count in counts.tolist():
            for _ in range(count):
                x = x + 1
        return x


def test_a_call_is_one_place_however_often_it_ran():
    """Python 3.11 makes a call in another instruction once it has run a few times."""
    report = torchdraft.draft_export(Repeats(), (torch.rand(3), torch.tensor([2, 3, 2, 4, 2, 3])))._report
    (issue,) = report.issues
    assert (issue.code, issue.occurrences) == ("TD102", 6)
    assert [each["expr"] for each in issue.data["instances"]] == [f"counts.tolist()[{n}]" for n in range(6)]
    assert [each["value"] for each in issue.data["instances"]] == ["2", "3", "2", "4", "2", "3"]
