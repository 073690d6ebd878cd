"""Who asked a condition: Python code is told as a branch, an operation as a size; what is implied is not told."""

from __future__ import annotations

import os

import pytest
import torch

import torchdraft


def told(model: torch.nn.Module, *args: torch.Tensor) -> list[tuple[str, str, int]]:
    """Code, source line and count of each issue."""
    issues = torchdraft.draft_export(model, args)._report.issues
    return [(issue.code, issue.location.source.strip(), issue.occurrences) for issue in issues]


class Rolls(torch.nn.Module):
    def forward(self, x):
        kept = x[x > 0]
        return kept.roll(1)


def test_what_an_operation_has_to_know_of_a_size_is_no_branch():
    assert {code for code, _, _ in told(Rolls(), torch.tensor([1.0, -1.0, 2.0]))} == {"TD102"}


class Loop(torch.nn.Module):
    def forward(self, x):
        total = x.sum()
        for (index,) in (x > 0).nonzero():
            total = total + x[index]
        return total


def test_a_number_that_is_fixed_says_it_all():
    line = "for (index,) in (x > 0).nonzero():"
    assert told(Loop(), torch.tensor([1.0, -1.0, 2.0])) == [("TD102", line, 1)]


class AskedTwice(torch.nn.Module):
    def forward(self, x, n):
        count = n.item()
        if count > 2:
            x = x * 2
        x = x[:3]
        if count > 2:
            x = x + 1
        return x


def test_the_same_condition_on_another_line_is_told_too():
    lines = [line for code, line, _ in told(AskedTwice(), torch.ones(5), torch.tensor(4)) if code == "TD101"]
    assert lines == ["if count > 2:", "if count > 2:"]


class Experts(torch.nn.Module):
    def forward(self, x, route):
        for number in range(3):
            rows = (route == number).nonzero()[:, 0]
            if rows.numel() == 0:
                continue
            x = x.index_add(0, rows, x[rows] * 2)
        return x


def test_operations_that_ask_again_are_not_counted():
    assert told(Experts(), torch.ones(4, 2), torch.tensor([0, 2, 2, 0])) == [("TD101", "if rows.numel() == 0:", 3)]


class Sorting(torch.nn.Module):
    def forward(self, rows):
        return torch.stack(sorted(rows.unbind(0), key=lambda row: row.sum()))


def test_a_choice_of_pythons_own_library_is_told_at_the_models_line():
    (issue,) = told(Sorting(), torch.tensor([[3.0, 1.0], [1.0, 1.0]]))
    assert issue[:2] == ("TD101", "return torch.stack(sorted(rows.unbind(0), key=lambda row: row.sum()))")


class MaskOfOnes(torch.nn.Module):
    def forward(self, x, mask=None):
        mask = torch.ones(x.shape[:1]) if mask is None else mask
        return x * 2 if bool((mask < 1).any()) else x + 1


def test_a_question_about_constants_is_a_note_and_assumes_nothing():
    program = torchdraft.draft_export(MaskOfOnes(), (torch.ones(3, 2),))
    (issue,) = program._report.issues
    assert (issue.code, issue.severity, issue.location.source.strip()) == (
        "TD101",
        "note",
        "return x * 2 if bool((mask < 1).any()) else x + 1",
    )
    assert program._report.successful()
    for other in (torch.zeros(3, 2), torch.full((3, 2), -7.0)):
        assert torch.equal(program.module()(other), other + 1)


def test_the_same_question_about_an_input_is_assumed():
    program = torchdraft.draft_export(MaskOfOnes(), (torch.ones(3, 2), torch.ones(3)))
    (issue,) = program._report.issues
    assert (issue.code, issue.severity) == ("TD101", "guarded")


class AskedOfBoth(torch.nn.Module):
    def forward(self, x):
        return [self.asked(x), self.asked(torch.ones(2))]

    def asked(self, rows):
        return rows * 2 if rows.sum() > 0 else rows


def test_one_line_that_asks_data_and_constants_is_told_as_both():
    issues = torchdraft.draft_export(AskedOfBoth(), (torch.ones(2),))._report.issues
    assert sorted((issue.code, str(issue.severity)) for issue in issues) == [("TD101", "guarded"), ("TD101", "note")]


def test_where_the_whole_model_is_one_of_torchs_its_lines_are_told():
    torch.manual_seed(0)
    model = torch.nn.AdaptiveLogSoftmaxWithLoss(64, 30, [10, 20])
    report = torchdraft.draft_export(model, (torch.randn(5, 64), torch.tensor([1, 2, 12, 25, 29])))._report
    placed = {issue.location.source.strip() for issue in report.issues if issue.code == "TD102" and issue.location}
    assert "row_indices = target_mask.nonzero().squeeze()" in placed
    assert all(issue.location for issue in report.issues)
    assert all(i.location.file.endswith("adaptive.py") for i in report.issues)


class Distribution(torch.nn.Module):
    def forward(self, mean, deviation):
        # `validate_args`, because Dynamo switches validation off at its first use in a process.
        return torch.distributions.Normal(mean, deviation, validate_args=True).log_prob(mean)  # here


class Observer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.observer = torch.ao.quantization.MovingAverageMinMaxObserver()

    def forward(self, x):
        return self.observer(x)  # here


class CausalMask(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layer = torch.nn.TransformerEncoderLayer(4, 2, batch_first=True)
        self.encoder = torch.nn.TransformerEncoder(layer, 1)

    def forward(self, x, mask):
        return self.encoder(x, mask=mask)  # here


@pytest.mark.parametrize(
    ("model", "args", "conditions"),
    [
        (Distribution(), (torch.rand(3), torch.rand(3) + 0.1), ["torch._is_all_true(valid)"] * 2),
        (Observer(), (torch.rand(3),), ['min_val == float("inf")', 'max_val == float("-inf")']),
        (
            CausalMask(),
            (torch.rand(2, 3, 4), torch.nn.Transformer.generate_square_subsequent_mask(3)),
            ["bool((mask == causal_comparison).all())"],
        ),
    ],
    ids=["distribution", "observer", "causal mask"],
)
def test_a_branch_in_torchs_own_code_reads_as_the_code_there(model, args, conditions):
    issues = [i for i in torchdraft.draft_export(model, args)._report.issues if i.code == "TD101"]
    assert [issue.expr for issue in issues] == conditions
    for issue in issues:
        assert issue.location.source.endswith("# here")
        assert issue.data["inside"].startswith("torch/")
        assert f"`{issue.expr}` in {issue.data['inside']}" in issue.message
        (origin,) = issue.symbols.values()
        assert origin.startswith(f"{issue.expr} in torch/")
        assert f"called at {os.path.basename(__file__)}:{issue.location.line}" in origin


class Normalized(torch.nn.Module):
    def forward(self, x, mask):
        return torch.nn.functional.batch_norm(x[mask], torch.zeros(3), torch.ones(3), training=True)


def test_what_an_operation_asks_names_the_line_of_torch_that_calls_it():
    report = torchdraft.draft_export(Normalized(), (torch.rand(4, 3), torch.tensor([True, True, False, True])))._report
    first = report.issues[0]
    assert (first.code, first.expr) == ("TD102", "x[mask].shape[0] == 1")
    assert first.data["inside"].startswith("torch/nn/functional.py:")
