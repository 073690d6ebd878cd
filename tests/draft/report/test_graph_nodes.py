"""Issues name the node of the program that carries them, and the expression that their condition is."""

from __future__ import annotations

import pytest
import torch

import torchdraft


class Asks(torch.nn.Module):
    def forward(self, x, n):
        if x.sum() > 0:
            x = x + 1
        if 3 < n.item() < 100:
            x = x * 2
        for row in range(int(n)):
            x = x + row
        high = x.numpy().max()
        if x.mean().item() > 0.5:
            x = x + float(high)
        return x


class Recorded(torch.nn.Module):
    def forward(self, x):
        if x.__class__ is not torch.Tensor:
            raise TypeError("plain tensors only")
        return x * 2 if x.sum() > 0 else x * float(x[0])


X, N = torch.ones(6, 2), torch.tensor(5)


def asserted(program, name):
    node = next(n for n in program.graph.nodes if n.name == name)
    return str(node.args[1])


@pytest.mark.parametrize("pre_dispatch", [True, False])
def test_a_condition_names_its_assertion(pre_dispatch):
    program = torchdraft.draft_export(Asks(), (X.clone(), N), pre_dispatch=pre_dispatch)
    for issue in program._report.issues:
        if issue.code in ("TD101", "TD102"):
            symbol = next(s for s in ("u0", "u1", "u2", "zuf0") if s in issue.data["symbolic"])
            assert symbol in asserted(program, issue.node)
    low, high = (i for i in program._report.issues if "n.item()" in (i.expr or "") and i.code == "TD101")
    assert "3 < u1" in asserted(program, low.node)
    assert "u1 < 100" in asserted(program, high.node)


def test_a_read_names_the_comparison_with_what_was_read():
    program = torchdraft.draft_export(Asks(), (X.clone(), N))
    (read,) = (i for i in program._report.issues if i.code == "TD103")
    condition = next(n for n in program.graph.nodes if n.name == read.node).args[0]
    seen, waiting = set(), [condition]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(node.all_input_nodes)
    assert any(node.target is torch.ops.aten.isclose.default for node in seen)


def test_an_input_that_is_written_names_itself():
    class Writes(torch.nn.Module):
        def forward(self, x):
            x.add_(1)
            return x * 2

    program = torchdraft.draft_export(Writes(), (X.clone(),))
    (written,) = (i for i in program._report.issues if i.code == "TD401")
    assert written.node in program.graph_signature.user_inputs


def test_a_dimension_names_its_assertion_or_its_input():
    class Sizes(torch.nn.Module):
        def forward(self, x, y):
            if x.shape[0] % 3 == 0:
                x = x * 2
            return x + 1 if y.shape[0] > 3 else x

    rows = {"x": {0: torch.export.Dim("rows")}, "y": {0: torch.export.Dim("more")}}
    program = torchdraft.draft_export(Sizes(), (torch.ones(6), torch.ones(5)), dynamic_shapes=rows)
    first, second = program._report.issues
    assert "Mod" in asserted(program, first.node)
    assert second.node == "y"


def test_a_recorded_read_names_the_assertion_of_its_line():
    program = torchdraft.draft_export(Recorded(), (torch.ones(3),))
    (read,) = (i for i in program._report.issues if i.code == "TD101")
    assert f"line {read.location.line}" in next(n for n in program.graph.nodes if n.name == read.node).stack_trace


def test_a_condition_is_in_torchs_table_with_its_parts():
    report = torchdraft.draft_export(Asks(), (X.clone(), N))._report
    issue = next(i for i in report.issues if i.data.get("symbolic") == "u1 < 100")
    whole = report.expressions_created[issue.data["expr_node_id"]]
    assert (whole["result"], whole["arguments"]) == ("u1 < 100", ["u1", "100"])
    symbol = report.expressions_created[whole["argument_ids"][0]]
    assert symbol["method"] == "aten._local_scalar_dense.default"
    assert symbol["user_stack"][-1]["loc"] == "if 3 < n.item() < 100:"
    failure = next(f for f in report.failures if f.issue is issue)
    assert failure.data["expr_node_id"] == issue.data["expr_node_id"]
    assert torchdraft.Report.from_json(report.to_json()).expressions_created == report.expressions_created
