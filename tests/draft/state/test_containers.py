"""Containers that state lives in: their content is compared, reported and put back."""

from __future__ import annotations

import builtins
import sys
from collections import Counter, OrderedDict, defaultdict, deque

import numpy
import pytest
import torch

import torchdraft
from torchdraft._draft.state.containers import content_of, is_container


class Keeps(torch.nn.Module):
    """Writes into a container of each kind."""

    def __init__(self):
        super().__init__()
        self.queue = deque([1], maxlen=3)
        self.ordered = OrderedDict(a=1)
        self.grouped = defaultdict(list, a=[1])
        self.counted = Counter("aab")
        self.names = {"a"}
        self.array = numpy.zeros(3)
        self.number = numpy.array(0.0)

    def forward(self, x):
        self.queue.append(x)
        self.ordered["b"] = x
        self.grouped["b"].append(2)
        self.counted["a"] += 1
        self.names.add("b")
        self.array[0] += 1
        self.number[...] += 1
        return x * len(self.queue)


def held(model):
    names = ("queue", "ordered", "grouped", "counted", "names", "array", "number")
    return [repr(getattr(model, name)) for name in names]


def test_containers_of_every_kind_are_restored_and_reported():
    model = Keeps()
    before = held(model)
    program = torchdraft.draft_export(model, (torch.ones(2),))
    assert held(model) == before
    found = {issue.expr for issue in program._report.issues if issue.code == "TD402"}
    assert found == {"queue", "ordered", "grouped", "counted", "names", "array", "number"}
    assert torch.equal(program.module()(torch.ones(2)), torch.ones(2) * 2)


class KeepsDeepDown(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [{"keys": [1], "seen": {2}}, deque([numpy.zeros(2)])]

    def forward(self, x):
        self.layers[0]["keys"].append(x)
        self.layers[0]["seen"].add(3)
        self.layers[1][0][0] += 1
        return x * len(self.layers[0]["keys"])


def test_containers_in_containers_are_restored_and_reported():
    model = KeepsDeepDown()
    parts = model.layers, model.layers[0], model.layers[0]["keys"], model.layers[1][0]
    before = repr(model.layers)
    program = torchdraft.draft_export(model, (torch.ones(2),))
    assert repr(model.layers) == before
    kept = model.layers, model.layers[0], model.layers[0]["keys"], model.layers[1][0]
    assert all(now is then for now, then in zip(kept, parts, strict=True))
    (issue,) = program._report.issues
    assert (issue.code, issue.severity, issue.expr) == ("TD402", "baked", "layers")
    assert torch.equal(program.module()(torch.ones(2)), torch.ones(2) * 2)


class KeepsAScope(torch.nn.Module):
    """Holds the names that generated code ran in, as libraries do that write code."""

    def __init__(self):
        super().__init__()
        scope = {}
        exec("def double(x):\n    return x * 2", scope)
        self.generated = {"double": scope["double"], "scope": scope}

    def forward(self, x):
        return self.generated["double"](x)


@pytest.mark.parametrize("names", [vars(builtins), globals(), sys.modules, KeepsAScope().generated["scope"]])
def test_namespaces_of_python_are_not_containers(names):
    assert not is_container(names)
    assert content_of([names])[0] is names


def test_namespaces_of_python_are_not_compared():
    before = dict(vars(builtins))
    program = torchdraft.draft_export(KeepsAScope(), (torch.ones(2),))
    assert vars(builtins) == before
    assert program._report.issues == ()


ROUND: list = []


class GoesRound(torch.nn.Module):
    """Writes to a global list that holds itself."""

    def forward(self, x):
        ROUND.append({"list": ROUND, "x": x})
        return x + 1


def test_a_container_that_holds_itself():
    ROUND[:] = [ROUND]
    program = torchdraft.draft_export(GoesRound(), (torch.ones(2),))
    assert "TD403" in {issue.code for issue in program._report.issues}
    assert len(ROUND) == 1
    assert ROUND[0] is ROUND


class HoldsItself(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = [2]
        self.parts.append(self.parts)

    def forward(self, x):
        return x * self.parts[1][0]


def test_an_attribute_that_holds_itself():
    program = torchdraft.draft_export(HoldsItself(), (torch.ones(2),))
    assert program._report.issues == ()
    assert torch.equal(program.module()(torch.ones(2)), torch.ones(2) * 2)
