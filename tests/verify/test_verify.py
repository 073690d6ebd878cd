"""`torchdraft.verify` as a whole: every outcome, every kind of difference, and no changed state."""

from __future__ import annotations

import copy
import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.engine.world import World
from tests.verify.models import (
    Batch,
    Branches,
    Clean,
    Counts,
    Drops,
    Nested,
    Remembers,
    clean,
    drafted,
    wrong,
)
from torchdraft import Outcome


def outcomes(found: torchdraft.Verification) -> set[str]:
    return {str(trial.outcome) for trial in found.trials}


# -- outcomes ----------------------------------------------------------------------------------------------------------


def test_a_right_program_is_found_right() -> None:
    model, program = clean()
    found = torchdraft.verify(program, model, n=20)
    assert found.ok
    assert len(found.trials) == 20
    assert found.counts[Outcome.EQUAL] > 15
    assert not found.mismatches
    assert found.trials[0].origin == "example"


def test_the_same_seed_gives_the_same_result() -> None:
    model, program = clean()
    one, two, other = (torchdraft.verify(program, model, n=8, seed=seed) for seed in (3, 3, 4))
    assert one == two
    assert one != other


def test_a_guard_rejects() -> None:
    model = Branches()
    program = drafted(model, torch.ones(2, 3), torch.ones(2))
    found = torchdraft.verify(program, model, inputs=[(torch.ones(2, 3), -torch.ones(2))])
    (trial,) = found.trials
    assert trial.outcome is Outcome.REJECTED
    assert trial.told
    assert found.ok


class Checks(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.sum() < 0:
            raise ValueError("not below zero")
        return x.log()


@pytest.mark.parametrize("takes", [False, True])
def test_a_model_that_raises_on_purpose_must_be_followed(takes: bool) -> None:
    model, x = Checks(), torch.ones(3)
    program = drafted(model, x)
    if takes:
        program = wrong(program, lambda _module, x: x.log())
    (trial,) = torchdraft.verify(program, model, inputs=[(-x,)]).trials
    assert trial.outcome is (Outcome.MISMATCH if takes else Outcome.RAISED)
    assert "ValueError: not below zero" in trial.detail
    assert trial.told is not takes


def test_an_operation_that_fails_in_the_model_alone_is_told() -> None:
    class Wastes(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x.view(3, 2)
            return x * 2

    model = Wastes()
    program = wrong(drafted(model, torch.ones(6)), lambda _module, x: x * 2)
    found = torchdraft.verify(program, model, inputs=[(torch.ones(5),)])
    (trial,) = found.trials
    assert (trial.outcome, trial.told) == (Outcome.RAISED, False)
    assert found.ok
    assert "ACCEPTED  1 input on which the model raises" in str(found)


# -- wrong programs ----------------------------------------------------------------------------------------------------


def tampered(change: Callable[[dict[str, torch.Tensor]], Any]) -> Callable[..., Any]:
    return lambda module, *args, **kwargs: change(module(*args, **kwargs))


def on_copies(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
    return module(*copy.deepcopy(args), **copy.deepcopy(kwargs))


def written(module: torch.nn.Module, x: torch.Tensor, **kwargs: Any) -> Any:
    out = module(x, **kwargs)
    with torch.no_grad():
        x.add_(1)
    return out


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (tampered(lambda out: {**out, "y": out["y"] + 1e-2}), "output['y']: "),
        (tampered(lambda out: {**out, "y": out["y"].double()}), "dtype float64, in eager float32"),
        (tampered(lambda out: {**out, "y": out["y"][:, :2]}), "output['y']: shape"),
        (tampered(lambda out: [out["y"], out["sum"]]), "a list, eager has a dict"),
        (tampered(lambda out: {"y": out["y"]}), "holds 1 parts"),
        (tampered(lambda out: {"sum": out["sum"], "y": out["y"]}), "parts"),
        (written, "input x after the call"),
    ],
)
def test_a_wrong_program_is_caught(call: Callable[..., Any], said: str) -> None:
    model, program = clean()
    found = torchdraft.verify(wrong(program, call), model, n=3, shrink=False)
    assert not found.ok
    assert said in found.mismatches[0].detail


def test_a_program_that_is_wrong_on_few_inputs_is_caught() -> None:
    model, program = clean()
    for condition in (
        lambda x: x.shape[0] == 1,
        lambda x: x.shape[0] == 0,
        lambda x: x.shape[0] > 5,
        lambda x: bool((x == 0).all()),
        lambda x: bool(x.max() > 10),
        lambda x: bool(x.isnan().any()),
    ):

        def call(module: Any, x: torch.Tensor, scale: torch.Tensor, bad: Callable[..., bool] = condition) -> Any:
            return {name: out + bad(x) for name, out in module(x, scale=scale).items()}

        assert not torchdraft.verify(wrong(program, call), model, n=25, shrink=False).ok


def test_a_lost_write_to_a_buffer_is_caught() -> None:
    model, x = Counts(), torch.randn(3, 4)
    program = drafted(model, x)
    assert torchdraft.verify(program, model, n=6).ok
    found = torchdraft.verify(wrong(program, lambda module, x: copy.deepcopy(module)(x)), model, n=1)
    assert found.mismatches[0].detail.partition(" after the call")[0] in ("calls", "norm.running_mean")


class Writes(torch.nn.Module):
    def forward(self, x: torch.Tensor, log: list[torch.Tensor]) -> torch.Tensor:
        x[0].add_(1)
        log[0].mul_(2)
        return x.sum() + log[0]


def test_a_lost_write_to_an_input_is_caught() -> None:
    model, args = Writes(), (torch.ones(2), [torch.ones(2)])
    program = drafted(model, *args)
    assert torchdraft.verify(program, model, n=6).ok
    found = torchdraft.verify(wrong(program, on_copies), model, n=1)
    assert "input x after the call" in found.mismatches[0].detail


def test_lost_state_shows_in_a_second_call_and_its_issue_is_named() -> None:
    model = Remembers()
    found = torchdraft.verify(drafted(model, torch.ones(2)), model, n=3)
    (trial,) = found.mismatches
    assert trial.detail.startswith("in call 2, output: 2 of 2 values differ")
    assert [issue.code for issue in trial.issues] == ["TD402"]
    assert found.ok
    assert model.calls == 0


def test_a_mismatch_that_no_issue_tells_of_is_not_excused() -> None:
    model, program = clean()
    found = torchdraft.verify(wrong(program, tampered(lambda out: {**out, "y": out["y"] * 2})), model, n=2)
    assert not found.ok
    assert [trial.issues for trial in found.mismatches] == [(), ()]
    assert "no issue of its report says so" in str(found)


def test_other_weights_are_noted() -> None:
    _model, program = clean()
    other = Clean()
    found = torchdraft.verify(program, other, n=2, shrink=False)
    assert found.notes == ("the program was made with other values of lin.bias, lin.weight",)
    assert not found.ok


# -- random numbers ----------------------------------------------------------------------------------------------------


def test_random_numbers_are_the_same_on_both_sides() -> None:
    model = Drops()
    found = torchdraft.verify(drafted(model, torch.randn(40)), model, n=6)
    assert found.counts == {Outcome.EQUAL: 6}
    assert not any(trial.detail for trial in found.trials)


def test_other_random_numbers_are_no_mismatch() -> None:
    model = Drops()
    program = drafted(model, torch.randn(40))
    bad = wrong(program, lambda module, x: torch.rand(7) is None or module(x))
    found = torchdraft.verify(bad, model, n=4)
    assert found.counts == {Outcome.EQUAL: 4}
    assert found.trials[0].detail == "up to random numbers: the program draws others than eager"


def test_a_decomposed_program_draws_otherwise() -> None:
    model = Drops()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(model, (torch.randn(40),)).run_decompositions()
    found = torchdraft.verify(program, model, n=4)
    assert found.counts == {Outcome.EQUAL: 4}


@pytest.mark.parametrize(
    "call",
    [
        lambda module, x: (x * 3, x * 2),  # draws nothing
        lambda module, x: (torch.rand(3) is None or module(x)[0], x * 2 + 1),  # wrong where nothing is random
        lambda module, x: (torch.rand(3) is None or module(x)[0], x * 2 + torch.rand(40)),  # random where it must not
        lambda module, x: (module(x)[0] * 2, x * 2),  # the same numbers, another computation
    ],
)
def test_randomness_excuses_nothing_else(call: Callable[..., Any]) -> None:
    model = Drops()
    program = drafted(model, torch.randn(40))
    assert not torchdraft.verify(wrong(program, call), model, n=1).ok


class OwnGenerator(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.rand(3, generator=self.generator)


def test_a_generator_that_both_sides_hold_is_set_back() -> None:
    model = OwnGenerator()
    program = drafted(model, torch.ones(3))
    state = model.generator.get_state()
    assert torchdraft.verify(program, model, n=4).counts == {Outcome.EQUAL: 4}
    assert torch.equal(model.generator.get_state(), state)


# -- inputs ------------------------------------------------------------------------------------------------------------


def test_nested_inputs_and_keywords() -> None:
    model = Nested()
    batch = Batch(torch.tensor([1, 2]), {"bias": torch.ones(2), "name": "a"})
    program = drafted(model, batch, 3, flag=True)
    other = Batch(torch.tensor([3, 1]), {"bias": torch.zeros(2), "name": "a"})
    given = [((other, 3), {"flag": True}), ((other, 3), {"flag": False}), ((other, 4), {"flag": True})]
    found = torchdraft.verify(program, model, given, n=8)
    assert [str(trial.outcome) for trial in found.trials[:3]] == ["equal", "rejected", "rejected"]
    assert "flag" in found.trials[1].assertion
    assert list(found.trials[0].inputs)[:1] == ["batch.ids"]
    assert found.ok
    assert len(found.trials) == 11


def test_a_dynamic_number_is_drawn() -> None:
    class Slices(torch.nn.Module):
        def forward(self, x: torch.Tensor, n: int) -> torch.Tensor:
            return x[:n] * n

    model = Slices()
    program = torch.export.export(model, (torch.randn(9), 4), dynamic_shapes={"x": None, "n": Dim.DYNAMIC})
    found = torchdraft.verify(program, model, n=12)
    assert len({trial.inputs["n"] for trial in found.trials}) > 2
    assert found.ok
    bad = wrong(program, lambda module, x, n: module(x, 4))
    assert not torchdraft.verify(bad, model, n=12).ok


def test_a_program_of_torchs_own_export() -> None:
    torch.manual_seed(0)
    model = Clean()
    program = torch.export.export(model, (torch.randn(5, 4),), {"scale": torch.rand(3)})
    found = torchdraft.verify(program, model, [((torch.ones(6, 4),), {"scale": torch.rand(3)})], n=12)
    assert found.ok
    assert not found.reported
    rejected = found.ended("rejected")[0]
    assert rejected.assertion == "x.shape[0] == 5"
    assert "issue" not in str(found)


def test_a_saved_program(tmp_path: Any) -> None:
    model, program = clean()
    torchdraft.save(program, tmp_path / "m.pt2")
    found = torchdraft.verify(torchdraft.load(tmp_path / "m.pt2"), model, n=6)
    assert found.ok
    assert len({trial.inputs["x"].partition("]")[0] for trial in found.trials}) > 1


def test_inputs_that_do_not_fit_the_program_are_rejected() -> None:
    model = Drops()
    program = drafted(model, torch.randn(4))
    found = torchdraft.verify(program, model, inputs=[(torch.ones(4, dtype=torch.int32),), ([torch.ones(4)],)])
    assert "mismatch" not in outcomes(found)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"inputs": torch.ones(2)}, r"for one input of one tensor write \[\(x,\)\]"),
        ({"inputs": [torch.ones(2)]}, r"for one argument write \(x,\)"),
        ({"rtol": 1.0}, "together"),
        ({"n": -1}, "how many inputs"),
    ],
)
def test_a_wrong_call_is_refused(arguments: dict[str, Any], said: str) -> None:
    model, program = clean()
    with pytest.raises((TypeError, ValueError), match=said):
        torchdraft.verify(program, model, **arguments)


def test_there_has_to_be_something_to_draw_from() -> None:
    model, program = clean()
    bare = copy.copy(program)
    bare.example_inputs = None
    given = ((torch.randn(5, 4),), {"scale": torch.rand(3)})
    assert torchdraft.verify(bare, model, inputs=[given]).ok
    with pytest.raises(ValueError, match="no example inputs"):
        torchdraft.verify(bare, model)
    with pytest.raises(TypeError, match="got function"):
        torchdraft.verify(program, clean)  # type: ignore[arg-type]
    with torchdraft.fake_weights():
        fake = Clean()
    with pytest.raises(ValueError, match="no data"):
        torchdraft.verify(program, fake)


# -- left as it was ----------------------------------------------------------------------------------------------------


class Messy(torch.nn.Module):
    """Writes to every kind of state that a model can write to."""

    log: list[Any]

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(2))
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.cell = torch.nn.GRUCell(2, 2)
        self.lstm = torch.nn.LSTM(2, 2)
        self.log = []

    def forward(self, x: torch.Tensor, into: list[Any]) -> torch.Tensor:
        self.seen = self.seen + x
        self.weight.data.mul_(2)
        self.lstm.weight_hh_l0.data.mul_(0.5)
        self.log.append(random.random())
        self.last = x
        x.add_(torch.rand(2))
        return self.cell(x[None]) + self.lstm(x[None])[0] + self.weight


def test_everything_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    model, args = Messy(), (torch.ones(2), [torch.ones(2)])
    program = drafted(model, *args)
    given = (torch.ones(2), [torch.ones(2)])
    worlds = [World(model, given), World(program.graph_module, program.example_inputs)]
    random_module = program.module()
    before = {name: tensor.clone() for name, tensor in random_module.state_dict().items()}
    torchdraft.verify(program, model, inputs=[given], n=6)
    assert [world.changes() for world in worlds] == [[], []]
    assert all(torch.equal(tensor, before[name]) for name, tensor in program.module().state_dict().items())


@pytest.mark.filterwarnings("ignore:`torch.jit.*` is deprecated")
def test_a_scripted_module_is_left_as_it_was() -> None:
    model = torch.nn.Sequential(torch.jit.script(torch.nn.BatchNorm1d(3)))
    program = torch.export.export(torch.nn.Sequential(torch.nn.BatchNorm1d(3)), (torch.randn(4, 3),))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = torchdraft.verify(program, model, n=3)
    assert found.counts == {Outcome.EQUAL: 3}
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_weights_written_by_the_model_are_seen_by_its_recurrent_modules() -> None:
    class Fades(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(2, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.lstm.weight_hh_l0.data.mul_(0.5)
            return self.lstm(x)[0]

    torch.manual_seed(0)
    model, x = Fades(), torch.randn(3, 2)
    want = copy.deepcopy(model)(x)
    program = torch.export.export(torch.nn.Identity(), (x,))
    exact = wrong(program, lambda _module, x: want)
    (trial,) = torchdraft.verify(exact, model, inputs=[(x,)], n=0).trials
    assert "output" not in trial.detail


def test_progress_is_told() -> None:
    model, program = clean()
    told: list[int] = []
    torchdraft.verify(program, model, n=4, progress=told.append)
    assert told == [1, 2, 3, 4]


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    model = Branches()
    program = drafted(model, torch.ones(2, 3), torch.ones(2))
    torchdraft.verify(program, model, n=12)
    assert tuple(capfd.readouterr()) == ("", "")
