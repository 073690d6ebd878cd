import builtins

import pytest
import torch

import torchdraft
from torchdraft.model import Location
from torchdraft.rules.rewrites.conversions import int_as_item

X = torch.ones(8, 2)


def at(text, before="        y = x[: "):
    return Location("/app/m.py", 3, "f", f"{before}{text}]", len(before), len(before) + len(text))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("int(n)", "n.item()"),
        ("builtins.int(n)", "n.item()"),
        ("int(n[0])", "n[0].item()"),
        ("int(a + b)", "(a + b).item()"),
        ("int(-a.max())", "(-a.max()).item()"),
    ],
)
def test_a_conversion_is_written_as_a_read(text, code):
    assert int_as_item(at(text), whole=True) == code


def test_a_float_is_cut_first():
    assert int_as_item(at("int(n)"), whole=False) == "n.long().item()"
    assert torch.tensor(-2.7).long().item() == int(torch.tensor(-2.7))


@pytest.mark.parametrize("text", ["int(n, 2)", "int(x=n)", "int(*n)", "float(n)", "self.int(n)", "n", "int(n"])
def test_other_code_is_left(text):
    assert int_as_item(at(text), whole=True) == ""
    assert int_as_item(Location("/app/m.py", 3, "f", text), whole=True) == ""
    assert int_as_item(None, whole=True) == ""


class Converts(torch.nn.Module):
    def forward(self, x, n):
        import builtins  # out of reach of the replaced calls of `int`

        return x[: builtins.int(n)] * 1


@pytest.mark.parametrize("n", [torch.tensor(5), torch.tensor(5.7)])
def test_the_code_to_write_mends_the_issue(n):
    (issue,) = (i for i in torchdraft.draft_export(Converts(), (X, n))._report.issues if i.code == "TD102")
    assert issue.code_to_write == f"return x[: {issue.replacement}] * 1"
    names = {"torch": torch}
    exec(f"class Model(torch.nn.Module):\n    def forward(self, x, n):\n        {issue.code_to_write}\n", names)
    program = torchdraft.draft_export(names["Model"](), (X, n))
    assert program._report.issues == ()
    for other in (n, n - 3):
        torch.testing.assert_close(program.module()(X, other), X[: builtins.int(other)])


class Loops(torch.nn.Module):
    def forward(self, x, n):
        for _ in range(int(n)):
            x = x + 1
        return x


def test_a_number_that_python_needs_after_all_has_no_code():
    (issue,) = torchdraft.draft_export(Loops(), (X, torch.tensor(3)))._report.issues
    assert (issue.code, issue.code_to_write) == ("TD102", "")
