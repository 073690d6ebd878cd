"""Every case: drafted, put to its example and to other calls, written and read, and nothing left behind."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

import torchdraft
from tests.cases import case as cases
from tests.engine.compare import difference
from tests.engine.world import World

SEED = 1234

UNTOLD = ("sparse_csr_made",)
"""Cases with an assertion that no issue tells of: how many values a sparse tensor stores."""


def run(module: Any, call: cases.Call) -> Any:
    """What `module` returns on `call`, from a copy of its state and the same random state each time."""
    args, kwargs = call()
    # A program that raises in a no_grad region leaves gradients off: torch writes the region's two ends as calls.
    with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(True):
        torch.manual_seed(SEED)
        return module(*args, **kwargs)


def outcome(module: Any, call: cases.Call) -> tuple[Any, Exception | None]:
    """What `module` returns, or the exception it raises. torch leaves the grad mode of a `no_grad` region where an
    operation in it raises.
    """
    try:
        with torch.enable_grad():
            return run(module, call), None
    except Exception as error:
        return None, error


def replay(program: torch.export.ExportedProgram) -> Any:
    """The program as a module with buffers and constants of its own, as eager has in its copies."""
    module = program.module()
    tables = [table for owner in module.modules() for table in (owner._buffers, vars(owner))]
    places = [(table, name) for table in tables for name, t in table.items() if isinstance(t, torch.Tensor)]
    copies = copy.deepcopy([table[name].detach() for table, name in places])
    for (table, name), copied in zip(places, copies, strict=True):
        table[name] = copied
    return module


def parameters() -> list[Any]:
    found = []
    for name in cases.names():
        case = cases.load(name)
        marks = [pytest.mark.xfail(reason=case.xfail, strict=True)] if case.xfail else []
        found.append(pytest.param(case, id=name, marks=marks))
    return found


@pytest.mark.filterwarnings("ignore:_check_is_size:FutureWarning")  # the example of the spec calls it
@pytest.mark.parametrize("case", parameters())
def test_case(case: cases.Case, tmp_path: Path) -> None:
    torch.manual_seed(SEED)
    model = case.model()
    inputs = case.example()
    untouched = copy.deepcopy(model)
    world = World(model, inputs)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        args, kwargs = inputs
        program = torchdraft.draft_export(model, args, kwargs, dynamic_shapes=case.dynamic_shapes, **case.options)
    report = program._report
    told = {issue.code for issue in report.issues}

    assert set(world.changes()) <= {"registered classes", "class names"}  # the program needs these
    assert report.rung == case.rung, report
    assert case.codes <= told, report
    assert case.baked or all(i.severity is not torchdraft.Severity.BAKED for i in report.issues), report

    # Before any run that may move state that the program shares with the model, such as a generator's.
    verified = torchdraft.verify(program, untouched, [call() for call in (*case.right, *case.other)], n=5, shrink=False)
    assert verified.ok, str(verified)
    untold = [trial.detail for trial in verified.ended("rejected") if not trial.told]
    assert not untold or case.model.__module__.endswith(UNTOLD), untold
    if case.saves:
        written_and_read(program, case.example, tmp_path / "case.pt2", untouched)
    for call in (case.example, *case.right):
        want = run(copy.deepcopy(untouched), call)
        assert difference(run(replay(program), call), want) == ""
    for call in case.other:
        right_or_loud(case, program, untouched, call)


def right_or_loud(case: cases.Case, program: Any, model: torch.nn.Module, call: cases.Call) -> None:
    """Promise 3: the program matches eager, or raises, or a `baked` issue names a line of the case."""
    got, raised = outcome(replay(program), call)
    if raised is not None:
        return
    want, failed = outcome(copy.deepcopy(model), call)
    wrong = f"eager raises {failed!r}" if failed else difference(got, want)
    if wrong:
        file = __import__(case.model.__module__, fromlist=["CASE"]).__file__
        baked = [i for i in program._report.issues if i.severity is torchdraft.Severity.BAKED]
        assert any(i.location is not None and i.location.file == file for i in baked), wrong


def written_and_read(program: Any, call: cases.Call, path: Path, model: torch.nn.Module) -> None:
    """The program survives its file, report included."""
    torchdraft.save(program, path)
    again = torchdraft.load(path)
    assert again._report.issues == program._report.issues
    assert difference(run(replay(again), call), run(copy.deepcopy(model), call)) == ""
