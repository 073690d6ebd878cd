"""One declaration adds a host read, in a symbolic trace and in a recorded run; a second one is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.draft.drafting import raises, replay
from torchdraft._draft.reads.registry import READS, declared_read, host_read, shape_read


@pytest.fixture(autouse=True)
def declarations() -> Iterator[None]:
    with READS.restored():
        yield


def summary(tensor: torch.Tensor) -> float:
    """A function of a library, which calls function modes and returns a Python number."""
    if torch.overrides.has_torch_function((tensor,)):
        return torch.overrides.handle_torch_function(summary, (tensor,), tensor)
    return float(tensor.numpy(force=True).sum())


def size(tensor: torch.Tensor) -> int:
    """Another such function."""
    if torch.overrides.has_torch_function((tensor,)):
        return torch.overrides.handle_torch_function(size, (tensor,), tensor)
    return 3


class Scaled(torch.nn.Module):
    def forward(self, x):
        return x * summary(x[:2])


class RecordedScaled(Scaled):
    """No symbolic trace follows a constructor of the old kind."""

    def forward(self, x):
        torch.LongTensor([x[2].long()])
        return super().forward(x)


@pytest.mark.parametrize(("model", "rung"), [(Scaled(), "symbolic"), (RecordedScaled(), "concrete")])
def test_one_declaration_adds_a_read(model, rung):
    @host_read(summary, why="To show that nothing else is needed.")
    def summarized(trace, args, kwargs):
        return float(trace.value(args[0], "summary").sum())

    program = torchdraft.draft_export(model, (torch.tensor([1.0, 2.0, 3.0]),))
    assert program._report.rung == rung
    assert "summary" in [issue.expr for issue in program._report.issues if issue.code == "TD103"]
    for x in (torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 3.5])):
        assert torch.equal(replay(program)(x), x * 3)
    assert raises(replay(program), (torch.tensor([1.0, 4.0, 3.0]),))


def test_a_recorded_run_takes_the_answer_that_is_declared_for_it():
    read = host_read(summary, asserted=False, why="To show that nothing else is needed.")

    @read.recorded
    def summarized(run, args, kwargs):
        return 3

    program = torchdraft.draft_export(RecordedScaled(), (torch.tensor([1.0, 2.0, 3.0]),))
    assert "summary" not in [issue.expr for issue in program._report.issues]
    x = torch.tensor([5.0, 7.0, 3.0])
    assert torch.equal(replay(program)(x), x * 3)


class WithIsland(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scaled = RecordedScaled()

    def forward(self, x):
        return self.scaled(x) + 1


@pytest.mark.parametrize(("declared", "got"), [(False, ">= 3"), (True, "3")])
def test_one_declaration_adds_a_read_of_a_shape(declared, got, monkeypatch):
    monkeypatch.setattr(RecordedScaled, "forward", lambda _, x: (torch.LongTensor([x[2].long()]), x * size(x))[1])
    if declared:
        shape_read(size, why="To show that nothing else is needed.")
    x = torch.tensor([1.0, 2.0, 3.0])
    program = torchdraft.draft_export(WithIsland(), (x,), dynamic_shapes={"x": {0: Dim.AUTO}})
    assert program._report.rung == "island"
    assert [dimension.got for dimension in program._report.dimensions] == [got]


@pytest.mark.parametrize("function", [torch.equal, "lstm", torch.Tensor.data.__get__, torch.Tensor.size])
def test_a_second_declaration_is_refused(function):
    with pytest.raises(ValueError, match=r"declared twice: by torchdraft\..*, line \d+ and by tests"):
        host_read(function, why="")


def test_a_call_that_is_no_read():
    assert declared_read(torch.as_tensor, ([torch.ones(2)],)) is not None
    assert declared_read(torch.as_tensor, (torch.ones(2),)) is None
    assert declared_read(torch.cat, ([],)) is None


def test_every_read_says_why():
    assert [read for read in READS.units.values() if not read.why.endswith(".")] == []
