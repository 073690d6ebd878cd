"""Guards on data inside and after control flow operators, grad modes and autocast."""

from __future__ import annotations

import pytest
import torch
from torch._higher_order_ops import associative_scan, while_loop
from torch._higher_order_ops import map as map_rows
from torch._higher_order_ops.scan import scan

import torchdraft
from tests.draft.drafting import Draftable, hold_to_the_promises, told
from torchdraft._draft.polyfills.control_flow import FALLBACKS, ControlFlowFallback, python_fallback
from torchdraft._draft.tracing.context import TraceContext

X = torch.tensor([[1.0, 2.0, -0.5], [3.0, -4.0, 5.0]])
FOUR = torch.tensor(4)


class CondThenBranch(torch.nn.Module):
    def forward(self, x):
        y = torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x - 1, (x,))
        if y.sum() > 3:
            return y * 2
        return y


class CondNotTakenReads(torch.nn.Module):
    def forward(self, x, n):
        def shrink(x, n):
            count = n.item()
            torch._check(count >= 0)
            return x - torch.ones(count).sum()

        return torch.cond(x.sum() > 0, lambda x, n: x * 2, shrink, (x, n))


class CondOnMaskedSize(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]

        def many(kept):
            if kept.shape[0] > 2:
                return kept.sum()
            return kept.sum() * 2

        return torch.cond(kept.sum() > 3, many, lambda kept: kept.sum() - 1, (kept,))


class CondOfTwoTypes(torch.nn.Module):
    def forward(self, x):
        with torch.compiler.set_stance("force_eager"):
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: (x * 2).double(), (x,))


class CondUncompiledReadsInBoth(torch.nn.Module):
    def forward(self, x, n):
        def grow(x, n):
            if n.item() > 3:
                return x * 2
            return x * 5

        def shrink(x, n):
            if n.item() > 3:
                return x - 2
            return x - 1

        with torch.compiler.set_stance("force_eager"):
            return torch.cond(x.sum() > 0, grow, shrink, (x, n))


class CondReadsThenSameRead(torch.nn.Module):
    def forward(self, x, n):
        def grow(x, n):
            torch._check(n.item() > 0)
            return x * n.item()

        y = torch.cond(x.sum() > 0, grow, lambda x, n: x - 1, (x, n))
        if n.item() > 0:
            return y * 2
        return y


class WhileThenBranch(torch.nn.Module):
    def forward(self, x):
        _, y = while_loop(lambda i, x: i.sum() < 5, lambda i, x: (i + 1, x * 2), (torch.zeros(1), x))
        if y.sum() > 10:
            return y
        return y - 1


class WhileBodyReads(torch.nn.Module):
    def forward(self, x, n):
        def body(i, x):
            if n.item() > 3:
                return i + 1, x * 2
            return i + 1, x * 3

        return while_loop(lambda i, x: i.sum() < 5, body, (torch.zeros(1), x))[1]


class MapThenBranch(torch.nn.Module):
    def forward(self, x):
        y = map_rows(lambda row: row * 2, x)
        if y.sum() > 10:
            return y
        return y - 1


class MapRowReads(torch.nn.Module):
    def forward(self, x, n):
        def each(row, n):
            if n.item() > 3:
                return row * 2
            return row * 3

        return map_rows(each, x, n)


class ScanThenBranch(torch.nn.Module):
    def forward(self, x):
        carry, y = scan(lambda carry, row: (carry + row, carry * row), torch.zeros(3), x)
        if carry.sum() > 5:
            return y
        return y - 1


class AssociativeScanThenBranch(torch.nn.Module):
    def forward(self, x):
        y = associative_scan(lambda a, b: a + b, x, 0, combine_mode="generic")
        if y[-1].sum() > 5:
            return y
        return y - 1


class NoGradReads(torch.nn.Module):
    def forward(self, x, n):
        with torch.no_grad():
            factor = 2 if n.item() > 3 else 3
        return x * factor


class InferenceModeBranch(torch.nn.Module):
    def forward(self, x):
        with torch.inference_mode():
            y = x * 2 if x.sum() > 0 else x + 0
        return y + 1


class AutocastBranchAndSize(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = self.linear(x)
            if y.abs().sum() > 0:
                y = y * 2
            size = len(range(int((y.abs().sum() * 0 + 3).item())))
        return y.float() + torch.ones(size)


CASES = [
    Draftable(
        CondThenBranch, (X,), right=[(X + 1,)], loud=[(-X,), (X * 0.1,)], codes=("TD101",), lines=("if y.sum() > 3:",)
    ),
    Draftable(CondNotTakenReads, (X, FOUR), right=[(-X, torch.tensor(2)), (X, torch.tensor(0))]),
    Draftable(
        CondOnMaskedSize,
        (X,),
        right=[(X + 1,)],
        loud=[(X * 0.1,), (torch.tensor([[9.0, -1.0]]),)],
        codes=("TD101", "TD602"),
        lines=("if kept.shape[0] > 2:", "return torch.cond"),
    ),
    Draftable(
        CondOfTwoTypes,
        (X,),
        right=[(X + 1,)],
        loud=[(-X,)],
        codes=("TD602",),
        lines=("return torch.cond",),
    ),
    Draftable(
        CondUncompiledReadsInBoth,
        (X, FOUR),
        right=[(-X, FOUR), (X + 1, torch.tensor(7))],
        loud=[(X, torch.tensor(2)), (-X, torch.tensor(2))],
        codes=("TD101", "TD101"),
        lines=("if n.item() > 3:", "if n.item() > 3:"),
    ),
    Draftable(
        CondReadsThenSameRead,
        (X, FOUR),
        right=[(-X, FOUR), (X, torch.tensor(1))],
        loud=[(X, torch.tensor(-1)), (-X, torch.tensor(-1))],
        codes=("TD101",),
        lines=("if n.item() > 0:",),
    ),
    Draftable(WhileThenBranch, (X,), right=[(X + 1,)], loud=[(-X,)], codes=("TD101",), lines=("if y.sum() > 10:",)),
    Draftable(
        WhileBodyReads,
        (X, FOUR),
        right=[(-X, FOUR)],
        loud=[(X, torch.tensor(2))],
        codes=("TD101", "TD101", "TD602"),  # the unrolled loop evaluates a guard on its own counter
        lines=("if n.item() > 3:", "return while_loop", "return while_loop"),
    ),
    Draftable(MapThenBranch, (X,), right=[(X + 1,)], loud=[(-X,)], codes=("TD101",), lines=("if y.sum() > 10:",)),
    Draftable(
        MapRowReads,
        (X, FOUR),
        right=[(-X, FOUR)],
        loud=[(X, torch.tensor(2))],
        codes=("TD101", "TD602"),
        lines=("if n.item() > 3:", "return map_rows"),
    ),
    Draftable(ScanThenBranch, (X,), right=[(X + 1,)], loud=[(-X,)], codes=("TD101",), lines=("if carry.sum() > 5:",)),
    Draftable(
        AssociativeScanThenBranch,
        (X,),
        right=[(X + 1,)],
        loud=[(-X,)],
        codes=("TD101",),
        lines=("if y[-1].sum() > 5:",),
    ),
    Draftable(
        NoGradReads,
        (X, FOUR),
        right=[(-X, FOUR), (X, torch.tensor(9))],
        loud=[(X, torch.tensor(2))],
        codes=("TD101",),
        lines=("factor = 2 if n.item() > 3",),
    ),
    Draftable(
        InferenceModeBranch, (X,), right=[(X + 1,)], loud=[(-X,)], codes=("TD101",), lines=("y = x * 2 if x.sum() > 0",)
    ),
    Draftable(
        AutocastBranchAndSize,
        (X,),
        right=[(X + 1,), (-X,)],
        codes=("TD101", "TD102"),
        lines=("if y.abs().sum() > 0:", "size = len("),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_guards_are_evaluated_asserted_and_reported(case: Draftable) -> None:
    program = hold_to_the_promises(case)
    found = told(program)
    assert tuple(code for code, _ in found) == case.codes
    for (_, line), expected in zip(found, case.lines, strict=True):
        assert line.startswith(expected)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_at_the_lower_level_too(case: Draftable) -> None:
    hold_to_the_promises(case, pre_dispatch=False)


def test_a_cond_whose_branches_only_read_stays_a_cond() -> None:
    program = hold_to_the_promises(CASES[1])
    assert any(node.target is torch.ops.higher_order.cond for node in program.graph.nodes)


def test_strict_keeps_the_branch_that_a_trace_without_dynamo_unrolls() -> None:
    case = Draftable(CondOnMaskedSize, (X,), right=[(X + 1,), (X * 0.1,)], loud=[(torch.tensor([[9.0, -1.0]]),)])
    program = hold_to_the_promises(case, strict=True)
    assert any(node.target is torch.ops.higher_order.cond for node in program.graph.nodes)
    assert told(program) == [("TD101", "if kept.shape[0] > 2:")]


def test_strict_asserts_again_what_only_a_branch_asserted() -> None:
    case = next(c for c in CASES if c.model is CondReadsThenSameRead)
    program = hold_to_the_promises(case, strict=True)
    assert [code for code, _ in told(program)] == ["TD101"]


class BranchesDisagree(torch.nn.Module):
    def forward(self, x):
        with torch.compiler.set_stance("force_eager"):  # outside of a trace, `torch.cond` checks its branches
            return torch.cond(x.sum() > 0, lambda x: x * 2, lambda x: x.double().sum(1), (x,))


def test_branches_that_disagree_are_shown_side_by_side() -> None:
    report = torchdraft.draft_export(BranchesDisagree(), (torch.ones(2, 3),))._report
    (issue,) = report.issues
    assert (issue.code, issue.expr, issue.value) == ("TD602", "x.sum() > 0", "True")
    assert issue.data["branches"] == {"true": "f32[2, 3]", "false": "f64[2]"}
    assert "The true branch returns `f32[2, 3]`. The false branch returns `f64[2]`." in issue.message


def test_one_declaration_adds_a_fallback() -> None:
    def fails():
        raise RuntimeError("Dynamo gave up")

    context = TraceContext(budget=1 << 20)
    with FALLBACKS.restored():

        @python_fallback("associative_scan", operator="associative_scan", why="To show that nothing else is needed.")
        def running(combine, leaves):
            return combine(*leaves)

        control_flow = ControlFlowFallback(context)
        assert control_flow.watched(fails, "associative_scan", (max, (1, 2))) == 2
    assert [event.operator for event in context.log] == ["associative_scan"]
    with pytest.raises(RuntimeError, match="gave up"):
        control_flow.watched(fails, "associative_scan", ())


def test_a_second_fallback_is_refused() -> None:
    FALLBACKS.load()
    with pytest.raises(ValueError, match="Python fallback of cond is declared twice"):
        python_fallback("cond", operator="", why="")(lambda: None)


@pytest.mark.parametrize(
    ("start", "step"),
    [
        (torch.zeros(3), lambda total, row: (total + row, (total * row).clone())),
        (
            {"total": torch.zeros(3), "last": torch.zeros(3)},
            lambda carry, row: ({"total": carry["total"] + row, "last": row.clone()}, (row * 2, row + 1)),
        ),
    ],
)
def test_a_scan_in_python_returns_the_structure_of_its_step(start, step, monkeypatch) -> None:
    want = scan(step, start, X)
    monkeypatch.setattr(
        torch._higher_order_ops.utils, "_hop_compile_and_call", lambda _fn, args: FALLBACKS.units["scan"].run(*args)
    )
    got = scan(step, start, X)
    torch.testing.assert_close(got, want)
    assert torch.utils._pytree.tree_structure(got) == torch.utils._pytree.tree_structure(want)
