"""`strict=True`: Dynamo with the tape behind it, and the way back where it gives up."""

from __future__ import annotations

import enum
import os
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.export import Dim

import torchdraft
from tests.draft.drafting import Draftable, eager, hold_to_the_promises, told
from torchdraft._draft import pipeline as _draft

V = torch.tensor([1.0, -2.0, 3.0, 4.0])
FOUR = torch.tensor(4)
history: list[torch.Tensor] = []


class Plain(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 4)

    def forward(self, x):
        return self.linear(x).relu()


class ItemBranch(torch.nn.Module):
    def forward(self, x, n):
        if n.item() > 3:
            return x * 2
        return x - 1


class ItemAsSize(torch.nn.Module):
    def forward(self, x, n):
        return x[: n.item()].sum(0), torch.zeros(n.item())


class FloatAsSize(torch.nn.Module):
    def forward(self, x):
        n = int(x.abs().sum().item()) + 1
        return torch.zeros(n) + x.sum()


class MaskThenBranch(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        if kept.shape[0] > 2:
            return kept * 2
        return kept


class Generator(torch.nn.Module):
    def forward(self, x):
        return sum(x * i for i in range(3))


class TensorBranch(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x * 2
        return x - 1


class ForeignFunction(torch.nn.Module):
    def forward(self, x):
        return x * (zlib.crc32(b"scale") % 7 + 1)


class BufferAssigned(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(4))

    def forward(self, x):
        self.total = self.total + x
        return self.total * 2


class Counter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        history.append(x)
        return x * 2


class Scaled(torch.nn.Module):
    def forward(self, x, *, scale=1.0):
        return {"y": x * scale}


class CallsScaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scaled = Scaled()

    def forward(self, x, n):
        y = self.scaled(x, scale=2.0)["y"]
        if n.item() > 3:
            return y * 2
        return y


class SizeBranch(torch.nn.Module):
    def forward(self, x):
        if x.shape[0] > 2:
            return x * 2
        return x


SERVED = [
    Draftable(Plain, (torch.ones(3, 4),), right=[(torch.zeros(3, 4),)]),
    Draftable(
        ItemBranch,
        (V, FOUR),
        right=[(-V, torch.tensor(9))],
        loud=[(V, torch.tensor(2))],
        codes=("TD101",),
        lines=("if n.item() > 3:",),
    ),
    Draftable(ItemAsSize, (V, torch.tensor(3)), right=[(V, torch.tensor(2)), (V, torch.tensor(4))]),
    Draftable(
        FloatAsSize,
        (V,),
        right=[(-V,)],
        loud=[(V * 2,)],
        codes=("TD102",),
        lines=("return torch.zeros(n)",),
    ),
    Draftable(
        MaskThenBranch,
        (V,),
        right=[(V.abs(),)],
        loud=[(-V,)],
        codes=("TD101",),
        lines=("if kept.shape[0] > 2:",),
    ),
    Draftable(Generator, (V,), right=[(-V,), (V * 2,)]),
]
REFUSED = [
    Draftable(
        TensorBranch,
        (V,),
        right=[(V * 2,)],
        loud=[(-V,)],
        codes=("TD101", "TD902"),
        lines=("if x.sum() > 0:", "if x.sum() > 0:"),
    ),
    Draftable(ForeignFunction, (V,), right=[(-V,), (V * 2,)], codes=("TD902",), lines=("return x * (zlib",)),
    Draftable(BufferAssigned, (V,), codes=("TD402", "TD902"), lines=("self.total = self.total + x",) * 2),
]


@pytest.mark.parametrize("lower", [False, True], ids=["", "lower"])
@pytest.mark.parametrize("case", [*SERVED, *REFUSED], ids=str)
def test_dynamo_serves_or_the_report_says_where_it_gave_up(case: Draftable, lower: bool) -> None:
    program = hold_to_the_promises(case, strict=True, pre_dispatch=not lower)
    found = told(program)
    assert tuple(code for code, _ in found) == case.codes
    for (_, line), expected in zip(found, case.lines, strict=True):
        assert line.startswith(expected)


def test_the_reason_is_dynamos() -> None:
    program = hold_to_the_promises(REFUSED[0], strict=True)
    (issue,) = [i for i in program._report.issues if i.code == "TD902"]
    assert "data-dependent branching" in issue.message
    assert "\n" not in issue.message


def test_what_forward_writes_is_told_and_undone() -> None:
    case = Draftable(Counter, (V,), right=[(-V,)])
    history.clear()
    program = hold_to_the_promises(case, strict=True)
    issues = {i.code: i for i in program._report.issues}
    assert sorted(issues) == ["TD402", "TD403"]
    assert issues["TD402"].data["attribute"] == "calls"
    assert (issues["TD402"].data["before"], issues["TD402"].data["after"]) == ("0", "1")
    assert issues["TD402"].location.source.strip() == "self.calls += 1"
    assert issues["TD403"].location.source.strip() == "history.append(x)"


@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
@pytest.mark.parametrize("lower", [False, True], ids=["", "lower"])
def test_a_preserved_call_can_be_unflattened(strict: bool, lower: bool) -> None:
    case = Draftable(CallsScaled, (V, FOUR), right=[(-V, FOUR)], loud=[(V, torch.tensor(2))])
    options = {"strict": strict, "pre_dispatch": not lower, "preserve_module_call_signature": ("scaled",)}
    program = hold_to_the_promises(case, **options)
    signature = next(e.signature for e in program.module_call_graph if e.fqn == "scaled")
    assert signature is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unflattening warns of torch's own doings
        unflattened = torch.export.unflatten(program)
    assert torch.equal(unflattened(V, FOUR), eager(CallsScaled(), (V, FOUR)))


@pytest.mark.parametrize("lower", [False, True], ids=["", "lower"])
def test_dynamic_dimensions_are_judged_under_their_own_names(lower: bool) -> None:
    case = Draftable(SizeBranch, (torch.ones(4, 3),), right=[(torch.ones(3, 3),)], loud=[(torch.ones(2, 3),)])
    shapes = {"x": {0: Dim.AUTO, 1: Dim.AUTO}}
    program = hold_to_the_promises(case, strict=True, pre_dispatch=not lower, dynamic_shapes=shapes)
    assert [(row.name, row.got) for row in program._report.dimensions] == [
        ("x.shape[0]", ">= 3"),
        ("x.shape[1]", "dynamic"),
    ]
    assert told(program) == [("TD202", "if x.shape[0] > 2:")]


def test_a_program_of_dynamos_that_is_wrong_gives_way_to_a_trace_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own, seen = _draft.check, []

    def wrong_at_first(program: torch.export.ExportedProgram, *args: Any) -> str:
        seen.append(program)
        return own(program, *args) if len(seen) > 1 else "output 0: wrong"

    monkeypatch.setattr(_draft, "check", wrong_at_first)
    program = torchdraft.draft_export(Plain(), (V,), strict=True, check_on_example=True)
    assert (len(seen), program._report.rung) == (2, "symbolic")
    (issue,) = program._report.issues
    assert (issue.code, issue.severity) == ("TD902", torchdraft.Severity.NOTE)
    assert "its program differs from eager on the example: output 0: wrong" in issue.message


class ReadsEnvironment(torch.nn.Module):
    def forward(self, x):
        if "TORCHDRAFT_TEST_FAST" in os.environ:
            return x
        x = x * int(os.getenv("TORCHDRAFT_TEST_SCALE", "2"))
        for _ in range(2):
            x = x + len(os.environ["PATH"])
        return x


_SCALE = 'x = x * int(os.getenv("TORCHDRAFT_TEST_SCALE", "2"))'


def test_the_environment_that_dynamo_read_is_told_at_its_lines() -> None:
    case = Draftable(ReadsEnvironment, (V,), right=[(-V,)])
    issues = hold_to_the_promises(case, strict=True)._report.issues
    assert [(i.code, str(i.severity), i.expr, i.location.source.strip(), i.occurrences) for i in issues] == [
        ("TD404", "baked", "os.environ['PATH']", 'x = x + len(os.environ["PATH"])', 2),
        ("TD404", "note", "os.environ['TORCHDRAFT_TEST_FAST']", 'if "TORCHDRAFT_TEST_FAST" in os.environ:', 1),
        ("TD404", "note", "os.environ['TORCHDRAFT_TEST_SCALE']", _SCALE, 1),
    ]


class WritesInputs(torch.nn.Module):
    def forward(self, x, given):
        x.add_(1)
        given["rows"][0][1:].mul_(2)
        return x + given["rows"][0]


def test_writes_to_inputs_are_told_under_their_own_names() -> None:
    case = Draftable(WritesInputs, (V.clone(), {"rows": [V.clone()]}))
    program = hold_to_the_promises(case, strict=True)
    assert [(i.code, str(i.severity), i.location.source.strip()) for i in program._report.issues] == [
        ("TD401", "note", "x.add_(1)"),
        ("TD401", "note", 'given["rows"][0][1:].mul_(2)'),
    ]
    assert "`given['rows'][0]`" in program._report.issues[1].message


class Way(enum.Enum):
    """What Dynamo makes an input of that no file can hold."""

    UP = 1
    DOWN = -1


class Goes(torch.nn.Module):
    def forward(self, x, way):
        return x * way.value


def test_an_input_that_no_program_takes_is_traced_without_dynamo(tmp_path: Path) -> None:
    program = torchdraft.draft_export(Goes(), (V, Way.DOWN), strict=True)
    assert {"TD501", "TD902"} <= {issue.code for issue in program._report.issues}
    torchdraft.save(program, tmp_path / "goes.pt2")
    again = torchdraft.load(tmp_path / "goes.pt2")
    assert torch.equal(again.module()(V, Way.DOWN), -V)
