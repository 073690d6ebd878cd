"""The lower rungs: what a recorded run must and must not hold."""

from __future__ import annotations

import copy
import itertools
import threading

import pytest
import torch

import torchdraft
from torchdraft._draft.guards import unbacked_shape_env
from torchdraft._draft.pipeline import Draft
from torchdraft._draft.recorded import frozen_result as frozen
from torchdraft._draft.rungs.ladder import rung_of


class CountsInThread(torch.nn.Module):
    """Only a recorded run sees the thread's work; the buffer is assigned there too, and a failing op is caught."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: list[float] = []
        thread = threading.Thread(target=lambda: found.append(float(x.sum() * 0)))
        thread.start()
        thread.join()
        self.seen = self.seen * 0.5 + 1
        try:
            x = x.view(7, 11)
        except RuntimeError:
            x = x + 1
        return x + self.seen + found[0]


class ReadsMuch(torch.nn.Module):
    """Reads one number per row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = 0
        for row in x:
            total += int(row)
        return x + total


def test_a_buffer_assigned_in_a_recorded_run_is_kept() -> None:
    program = torchdraft.draft_export(CountsInThread(), (torch.randn(3),))
    assert program._report.rung == "concrete"
    module, model, x = program.module(), CountsInThread(), torch.randn(3)
    for _ in range(3):
        assert torch.allclose(module(x), model(x))
    assert not [n for n in program.graph.nodes if n.target is torch.ops.aten.view.default]


def test_too_many_numbers_are_recorded_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbacked_shape_env, "MOST_SYMBOLS", 10)
    example = torch.arange(20.0)
    program = torchdraft.draft_export(ReadsMuch(), (example,))
    assert program._report.rung == "concrete"
    assert torch.equal(program.module()(example), ReadsMuch()(example))
    with pytest.raises(RuntimeError):
        program.module()(example + 1)


@torch.library.custom_op("recorded::keep_positive", mutates_args=())
def keep_positive(x: torch.Tensor) -> torch.Tensor:
    """Its fake kernel claims at least two results, as torchvision's `nms` does."""
    return x[x > 0].clone()


@keep_positive.register_fake
def _(x: torch.Tensor) -> torch.Tensor:
    return x.new_empty(torch.library.get_ctx().new_dynamic_size(min=2))


class KeepsOne(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = keep_positive(x)
        return x * 2 if kept.shape[0] == 1 else x


def test_a_fake_kernels_claim_of_two_is_not_believed() -> None:
    one = torch.tensor([1.0, -2.0, -3.0])
    program = torchdraft.draft_export(KeepsOne(), (one,), trusted_ops=("recorded",))
    assert torch.equal(program.module()(one), one * 2)
    with pytest.raises(RuntimeError):
        program.module()(-one)


class Nests(torch.nn.Module):
    """No tracer describes a nested tensor. `noise` scales random numbers, which nothing can assert."""

    def __init__(self, noise: float = 0.0) -> None:
        super().__init__()
        self.noise = noise

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padded = torch.nested.to_padded_tensor(torch.nested.nested_tensor([x, x[:1]]), 0.0)
        return padded + torch.rand(1) * self.noise if self.noise else padded


def baked(program: torch.export.ExportedProgram) -> list[str]:
    """The messages of the issues that nothing asserts."""
    return [i.message for i in program._report.issues if i.severity is torchdraft.Severity.BAKED]


def test_the_last_rung_asserts_its_inputs() -> None:
    example = torch.randn(2, 3)
    program = torchdraft.draft_export(Nests(), (example,))
    assert (program._report.rung, baked(program)) == ("frozen", [])
    assert torch.equal(program.module()(example), Nests()(example))
    with pytest.raises(RuntimeError):
        program.module()(example + 1)


def test_the_last_rung_names_what_it_cannot_assert(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    random = torchdraft.draft_export(Nests(noise=0.1), (torch.ones(2, 3),))
    assert "depends on random numbers" in "".join(baked(random))
    monkeypatch.setattr(frozen, "BY_CONSTANT", 5)
    large = torchdraft.draft_export(Nests(), (torch.ones(2, 3),))
    assert "an input too large to store, float32[2, 3]" in "".join(baked(large))
    assert {rung.rung for rung in large._report.rungs} >= {"concrete"}


class CountsItsCalls(torch.nn.Module):
    """Returns another result each time."""

    turns = itertools.count()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + next(self.turns)


def test_a_model_that_does_not_repeat_itself_keeps_the_program_it_has() -> None:
    program = torchdraft.draft_export(CountsItsCalls(), (torch.ones(2),), check_on_example=True)
    assert program._report.rung == "symbolic"
    assert "TD904" in {issue.code for issue in program._report.issues}


class HoldsAList(torch.nn.Module):
    """A list of modules is called through its members only."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = torch.nn.ModuleList([RefusesFakes()])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in self.steps:
            x = step(x)
        return x


class RefusesFakes(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.__class__ is not torch.Tensor:
            raise TypeError(type(x))
        return x * 2


def test_a_list_of_modules_becomes_no_island() -> None:
    program = torchdraft.draft_export(HoldsAList(), (torch.ones(2),))
    assert {rung.module for rung in program._report.rungs} == {"steps.0"}


class CopiesAndReads(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = copy.copy(x * 2)
        return copy.deepcopy(y) + y.sum().item()


def test_a_copied_tensor_is_copied_in_a_recorded_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unbacked_shape_env, "MOST_SYMBOLS", 0)
    program = torchdraft.draft_export(CopiesAndReads(), (torch.ones(3),))
    assert program._report.rung == "concrete"
    assert torch.equal(program.module()(torch.ones(3)), CopiesAndReads()(torch.ones(3)))


class LooksAtSparse(torch.nn.Module):
    """Takes a sparse tensor apart."""

    def forward(self, x: torch.Tensor, sparse: torch.Tensor) -> torch.Tensor:
        return x + sparse.coalesce().indices().sum()


def test_a_frozen_result_of_a_sparse_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails above: the inputs are compared with, and no fake tensor stands among the constants."""

    def differs(draft: Draft, program: torch.export.ExportedProgram, _wanted: bool | None) -> str:
        return "" if rung_of(draft.plan).name == "frozen" else "planted"

    monkeypatch.setattr(Draft, "check", differs)
    with torch.sparse.check_sparse_tensor_invariants():
        example = torch.sparse_coo_tensor(torch.tensor([[0, 1], [1, 2]]), torch.ones(2), (4, 4))
    x = torch.randn(3)
    program = torchdraft.draft_export(LooksAtSparse(), (x, example))
    assert program._report.rung == "frozen"
    assert torch.equal(program.module()(x, example), LooksAtSparse()(x, example))
    with pytest.raises(RuntimeError, match="Runtime assertion"):
        program.module()(x, example * 2)
