"""Programs in ONNX Runtime: right or loud."""

from __future__ import annotations

import inspect
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch.export import Dim

import torchdraft
from benchmarks.shipping import modules
from benchmarks.shipping.modules import (
    BoolBranch,
    BothSides,
    Branch,
    CondAsserts,
    EqualSizes,
    LoopAsserts,
    LoopInSide,
    MapAsserts,
    Matches,
    ScanAsserts,
    Structured,
    WritesBuffer,
    WritesInput,
)
from tests.ship.operators import Doubled, Lying
from torchdraft import Carried, Outcome, Severity
from torchdraft._ship.runtimes.find import module_of
from torchdraft._ship.runtimes.interface import AssumptionBroken
from torchdraft._torch import pytree
from torchdraft._torch.graph.control_flow import map_rows

pytestmark = pytest.mark.filterwarnings("ignore")  # those of torch.onnx

X = torch.arange(24.0).reshape(6, 4) / 24 + 0.5


def session_of(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def test_torchs_exporter_is_wrong_in_silence_and_ours_is_loud(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Branch(), (X,))
    theirs, ours = tmp_path / "theirs.onnx", tmp_path / "ours.onnx"
    torch.onnx.export(program, dynamo=True, verbose=False).save(str(theirs))
    shipment = torchdraft.to_onnx(program, ours)
    broken = {"x": (X - 9).numpy()}
    (wrong,) = session_of(theirs).run(None, broken)
    assert not torch.equal(torch.tensor(wrong), Branch()(X - 9))
    with pytest.raises(Exception, match="idx=") as raised:
        session_of(ours).run(None, broken)
    assert shipment.explain(raised.value) == (
        f"TD101 modules.py:{_line('x.mean().item()')}: x.mean().item() > 0.5 was True in the example"
    )
    result, valid = session_of(ours).run(None, {"x": (X + 1).numpy()})
    assert torch.equal(torch.tensor(result), (X + 1) * 2)
    assert valid


def _line(text: str) -> int:
    lines = inspect.getsource(modules).splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_outputs_say_which_assumption_is_broken(tmp_path: Path) -> None:
    program = torchdraft.draft_export(BoolBranch(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", assertions="output")
    session = session_of(tmp_path / "m.onnx")
    names = ("torchdraft_valid", "torchdraft_broken")
    assert shipment.outputs[1:] == names
    assert session.run(list(names), {"x": X.numpy()}) == [True, 0]
    valid, broken = session.run(list(names), {"x": (-X).numpy()})
    assert not valid
    assert "x.sum() > 0 was True" in shipment.explain(int(broken))
    assert {each.carried for each in shipment.assumptions} == {Carried.OUTPUT}


def test_turned_off_the_report_says_baked(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Branch(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", assertions="off")
    assert not shipment.ok
    assert [issue.severity for issue in program._report.issues] == [Severity.GUARDED]
    assert [issue.severity for issue in shipment.report.issues] == [Severity.BAKED]
    assert "lost: turned off" in str(shipment)


def test_sizes_that_a_trace_knows_to_be_equal_are_compared(tmp_path: Path) -> None:
    shapes = ({0: Dim.AUTO}, {0: Dim.AUTO})
    program = torchdraft.draft_export(EqualSizes(), (X, X + 1), dynamic_shapes=shapes)
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx")
    assert shipment.ok
    with pytest.raises(Exception, match="idx="):
        session_of(tmp_path / "m.onnx").run(None, {"x": X.numpy(), "y": X[:5].numpy()})


def test_a_size_from_data_is_compared(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Matches(), (X,))
    torchdraft.to_onnx(program, tmp_path / "m.onnx")
    with pytest.raises(Exception, match="idx="):
        session_of(tmp_path / "m.onnx").run(None, {"x": (X + 1).numpy()})


def test_a_written_buffer_is_an_input_with_a_default_and_an_output(tmp_path: Path) -> None:
    program = torchdraft.draft_export(WritesBuffer(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", model=WritesBuffer())
    ((taken, returned),) = shipment.state.items()
    assert returned == "inner.seen.after"
    session = session_of(tmp_path / "m.onnx")
    (once,) = session.run([returned], {"x": X.numpy()})
    (twice,) = session.run([returned], {"x": X.numpy(), taken: once})
    assert twice == pytest.approx(2 * X.sum().item())


def test_an_input_that_is_written_is_an_output(tmp_path: Path) -> None:
    program = torchdraft.draft_export(WritesInput(), (X.clone(),))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", model=WritesInput())
    assert shipment.ok
    assert shipment.input_writes == {"x": "x.after"}
    (after,) = session_of(tmp_path / "m.onnx").run(["x.after"], {"x": X.numpy()})
    assert torch.equal(torch.tensor(after), X + 1)


def test_structures_numbers_and_constants_come_back(tmp_path: Path) -> None:
    program = torchdraft.draft_export(
        Structured(), (X,), {"double": True}, dynamic_shapes={"x": {0: Dim.AUTO}, "double": None}
    )
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", model=Structured())
    assert shipment.ok
    assert shipment.outputs[:3] == ("scaled", "rows", "pair_0")
    assert shipment.trials is not None
    assert shipment.trials.counts[Outcome.EQUAL] > 1


def test_both_sides_of_a_branch_become_if(tmp_path: Path) -> None:
    program = torchdraft.draft_export(BothSides(), (X,), paths="all")
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", model=BothSides())
    assert shipment.ok
    (other, *_) = session_of(tmp_path / "m.onnx").run(None, {"x": (-X).numpy()})
    assert torch.equal(torch.tensor(other), BothSides()(-X))


def test_an_assertion_in_a_side_is_carried_out_of_it(tmp_path: Path) -> None:
    program = torchdraft.draft_export(CondAsserts(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", trials=2)
    assert not shipment.lost
    session = session_of(tmp_path / "m.onnx")
    for right in (X, -X * 50):
        (result, *_) = session.run(None, {"x": right.numpy()})
        assert torch.equal(torch.tensor(result), CondAsserts()(right))
    with pytest.raises(Exception, match="idx="):
        session.run(None, {"x": (X * 50).numpy()})


def test_an_assertion_in_a_loop_is_carried(tmp_path: Path) -> None:
    program = torch.export.export(LoopAsserts(), (X, torch.tensor(3)), strict=False)
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx")
    assert not shipment.lost
    session = session_of(tmp_path / "m.onnx")
    (result, *_) = session.run(None, {"x": X.numpy(), "n": torch.tensor(3).numpy()})
    assert torch.equal(torch.tensor(result), X * 8)
    with pytest.raises(Exception, match="idx="):
        session.run(None, {"x": X.numpy(), "n": torch.tensor(12).numpy()})


@pytest.mark.parametrize("model", [MapAsserts, ScanAsserts])
def test_an_assertion_about_each_row_is_carried(tmp_path: Path, model: type[torch.nn.Module]) -> None:
    program = torchdraft.draft_export(model(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", model=model(), trials=2)
    assert shipment.ok
    one_row = X.clone()
    one_row[3, 2] = 50
    run = module_of(shipment, program)
    assert torch.equal(pytree.tree_leaves(run(-X))[-1], pytree.tree_leaves(model()(-X))[-1])
    for broken in (one_row, X * 50):
        with pytest.raises(AssumptionBroken, match=r"< 10"):
            run(broken)


def test_the_lowest_number_of_a_broken_assumption_about_rows_is_returned(tmp_path: Path) -> None:
    class Two(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            def scaled(row: torch.Tensor) -> torch.Tensor:
                torch._check(row.max().item() < 10)
                torch._check(row.min().item() > 0)
                return row * 2

            return map_rows(scaled, x)

    program = torchdraft.draft_export(Two(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", assertions="output", trials=0)
    broken = X.clone()
    broken[1, 0], broken[4, 0] = -1, 99
    session = session_of(tmp_path / "m.onnx")
    for inputs, expected in ((X, ""), (broken, "< 10"), (-X, "0 <")):
        (number,) = session.run(["torchdraft_broken"], {"x": inputs.numpy()})
        assert expected in shipment.explain(int(number))
        assert bool(number) is bool(expected)


def test_a_loop_in_a_side_becomes_loop_in_if(tmp_path: Path) -> None:
    program = torchdraft.draft_export(LoopInSide(), (X,), paths="all")
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", trials=0)
    found = torchdraft.verify(program, LoopInSide(), [(X * 9,), (-X,)], run=shipment)
    assert [trial.outcome for trial in found.trials] == ["equal", "equal"]


def test_guards_with_or_and_max_are_carried(tmp_path: Path) -> None:
    class Sizes(torch.nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            a, b = x.shape[0], y.shape[0]
            return x * 2 if torch.sym_max(a, b) < 40 and ((a > 7) | (b > 3)) else x - 1

    program = torchdraft.draft_export(Sizes(), (X, X), dynamic_shapes=({0: Dim.AUTO}, {0: Dim.AUTO}))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", trials=0)
    assert not shipment.lost
    inputs = [(X, X[:3]), (X, torch.ones(5, 4)), (torch.ones(9, 4), X[:3]), (torch.ones(50, 4), X)]
    found = torchdraft.verify(program, Sizes(), inputs, run=shipment)
    assert [trial.outcome for trial in found.trials] == ["rejected", "equal", "equal", "rejected"]


def test_a_model_that_asks_for_strides_takes_contiguous_inputs_only(tmp_path: Path) -> None:
    class Contiguous(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2 if x.is_contiguous() else x - 1

    program = torchdraft.draft_export(Contiguous(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", trials=2)
    assert shipment.ok
    found = torchdraft.verify(program, Contiguous(), [(X + 1,), (X.t().contiguous().t(),)], run=shipment)
    assert [trial.outcome for trial in found.trials] == ["equal", "rejected"]
    assert "strides of x" in found.trials[1].detail


def test_writes_to_an_input_and_to_a_buffer_of_one_shape_are_not_confused(tmp_path: Path) -> None:
    class Both(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(6, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x.add_(1)
            self.total.add_(x * 10)
            return x + self.total

    program = torchdraft.draft_export(Both(), (X.clone(),))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", model=Both())
    assert shipment.ok
    written, total = session_of(tmp_path / "m.onnx").run(["x.after", "total.after"], {"x": X.numpy()})
    assert torch.equal(torch.tensor(written), X + 1)
    assert torch.equal(torch.tensor(total), (X + 1) * 10)


def test_a_constant_argument_of_another_type_is_refused(tmp_path: Path) -> None:
    class Scaled(torch.nn.Module):
        def forward(self, x: torch.Tensor, n: int) -> tuple[torch.Tensor, int]:
            return x * n, n + 1

    program = torchdraft.draft_export(Scaled(), (X, 3))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", trials=0)
    found = torchdraft.verify(program, Scaled(), [(X, 3), (X, 3.0), (X, 4)], run=shipment)
    assert [trial.outcome for trial in found.trials] == ["equal", "rejected", "rejected"]


def test_the_program_stays_as_it_was(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Matches(), (X,))
    before = str(program.graph)
    for _ in range(2):
        torchdraft.to_onnx(program, tmp_path / "m.onnx", trials=0)
    assert str(program.graph) == before
    program.run_decompositions()  # would fail with symbols that the exporter left behind


def test_verify_takes_a_session_and_sees_that_it_is_wrong(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Branch(), (X,))
    torchdraft.to_onnx(program, tmp_path / "m.onnx", trials=0)
    right = torchdraft.verify(program, Branch(), n=4, run=session_of(tmp_path / "m.onnx"))
    assert right.ok
    assert right.counts[Outcome.EQUAL] >= 2
    wrong = torchdraft.verify(program, Branch(), n=4, run=lambda x: x * 3)
    assert not wrong.ok
    broken = torchdraft.verify(program, Branch(), [(X - 9,)], run=tmp_path / "m.onnx")
    assert broken.ended("rejected")[0].detail.startswith("AssumptionBroken: TD101 modules.py")


def test_a_run_that_is_wrong_makes_the_shipment_wrong(tmp_path: Path) -> None:
    class Other(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 3

    program = torchdraft.draft_export(Branch(), (X,))
    shipment = torchdraft.to_onnx(program, tmp_path / "m.onnx", model=Other(), trials=2)
    assert not shipment.ok
    assert len(shipment.silent) == 2
    assert "WRONG IN SILENCE" in str(shipment)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "m.txt"}, "ends in .onnx"),
        ({"path": "nowhere/m.onnx"}, "there is no folder"),
        ({"assertions": "loud"}, "'raise', 'output', 'off'"),
        ({"trials": -1}, "how many inputs"),
    ],
)
def test_a_wrong_call_is_an_error(change: dict[str, object], message: str) -> None:
    program = torch.export.export(torch.nn.ReLU(), (X,))
    with pytest.raises(ValueError, match=message):
        torchdraft.to_onnx(program, **{"path": "m.onnx", **change})


def test_a_module_is_no_program() -> None:
    with pytest.raises(TypeError, match=r"expected a torch\.export\.ExportedProgram, got ReLU"):
        torchdraft.to_onnx(torch.nn.ReLU(), "m.onnx")


def test_an_operator_that_onnx_does_not_know_is_named(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Lying(), (torch.ones(5, 4),), dynamic_shapes=({0: torch.export.Dim.AUTO},))
    assert torch.ops.torchdraft.call.default in [node.target for node in program.graph.nodes]
    with pytest.raises(ValueError, match=r"td_shipped::halved \(called through torchdraft::call\).*custom_translation"):
        torchdraft.to_onnx(program, tmp_path / "lying.onnx")
    plain = torchdraft.draft_export(Doubled(), (torch.ones(5, 4),))
    with pytest.raises(ValueError, match=r"no translation of td_shipped::doubled; "):
        torchdraft.to_onnx(plain, tmp_path / "doubled.onnx")
    assert not list(tmp_path.iterdir())
