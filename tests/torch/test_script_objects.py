"""TorchBind objects as inputs and attributes: their methods, operators that take them, and their state."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.utils._pytree import tree_leaves

import torchdraft
from tests.torchbind import LIBRARY, NEEDED, FakeFoo

pytestmark = NEEDED
X = torch.linspace(-1, 1, 4).reshape(2, 2)


class FakeQueue:
    def __init__(self, queue):
        self.queue = queue

    @classmethod
    def __obj_unflatten__(cls, flat):
        return cls(**dict(flat))

    def push(self, x):
        self.queue.append(x)

    def pop(self):
        return self.queue.pop(0)

    def size(self):
        return len(self.queue)


class FakeContainsTensor:
    def __init__(self, t):
        self.t = t

    @classmethod
    def __obj_unflatten__(cls, flat):
        return cls(**dict(flat))

    def get(self):
        return self.t


FAKES = {"_TensorQueue": FakeQueue, "_Foo": FakeFoo, "_ContainsTensor": FakeContainsTensor}


@pytest.fixture(autouse=True)
def _fake_classes():
    torch.ops.load_library(LIBRARY)
    names = {f"_TorchScriptTesting::{name}": fake for name, fake in FAKES.items()}
    for name, fake in names.items():
        torch._library.register_fake_class(name, fake)
    yield
    for name in names:
        torch._library.fake_class_registry.deregister_fake_class(name)


def queue(*tensors: torch.Tensor) -> torch.ScriptObject:
    made = torch.classes._TorchScriptTesting._TensorQueue(torch.empty(0).fill_(-1))
    for tensor in tensors:
        made.push(tensor)
    return made


class Returned(torch.nn.Module):
    def forward(self, held, x):
        return x + 1, held


class PushedAndPopped(torch.nn.Module):
    def forward(self, held, x):
        held.push(x.cos())
        return held.pop() + x, held.pop() * 2


class PoppedAndBranched(torch.nn.Module):
    def forward(self, held, x):
        both = held.pop() + held.pop() * 2
        return x + both if both.sum() > 0 else x - both


class Attribute(torch.nn.Module):
    """An operator whose fake kernel is compared with its real one, methods, and an object that holds a tensor."""

    def __init__(self):
        super().__init__()
        self.foo = torch.classes._TorchScriptTesting._Foo(10, 20)
        self.contains = torch.classes._TorchScriptTesting._ContainsTensor(torch.ones(2, 2))

    def forward(self, held, x):
        y = torch.ops._TorchScriptTesting.takes_foo(self.foo, x) + self.foo.add_tensor(x)
        return held.pop() + (y if (y + self.contains.get()).sum() > 0 else -y)


@pytest.mark.parametrize("make", [Returned, PushedAndPopped, PoppedAndBranched, Attribute])
def test_objects_are_used_and_left_alone(make):
    model, held = make(), queue(X, X * 2)
    want = make()(copy.deepcopy(held), X)
    program = torchdraft.draft_export(model, (held, X), check_on_example=True)
    assert program._report.rung == "symbolic"
    assert "TD904" not in {issue.code for issue in program._report.issues}
    assert held.size() == 2
    got = program.module()(copy.deepcopy(held), X)
    for mine, theirs in zip(tree_leaves(got), tree_leaves(want), strict=True):
        assert isinstance(mine, type(theirs))
        if isinstance(theirs, torch.Tensor):
            torch.testing.assert_close(mine, theirs)
    assert torchdraft.verify(program, model, n=2).ok
    assert held.size() == 2


def test_objects_in_attributes_are_left_alone():
    class Remembers(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.held = queue(X)

        def forward(self, x):
            self.held.push(x)
            return self.held.pop() + self.held.pop()

    model = Remembers()
    program = torchdraft.draft_export(model, (X,), check_on_example=True)
    assert not program._report.issues
    assert model.held.size() == 1
    torch.testing.assert_close(model.held.pop(), X)


def test_numbers_from_objects_are_reported():
    class Asks(torch.nn.Module):
        def forward(self, held, x):
            return x * held.size()

    report = torchdraft.draft_export(Asks(), (queue(X, X), X))._report
    (issue,) = report.issues
    assert issue.severity is torchdraft.Severity.BAKED
    assert "_TensorQueue.size" in issue.message


def test_strict_export_leaves_no_fake_tensors_in_objects():
    held = queue(X, X * 2)
    report = torchdraft.draft_export(PushedAndPopped(), (held, X), strict=True)._report
    assert not report.issues, str(report)
    assert held.size() == 2
    assert torch.equal(held.pop(), X)
