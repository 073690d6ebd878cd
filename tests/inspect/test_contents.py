import json
import re

import pytest
import torch

import torchdraft
from torchdraft._inspect.contents import contents, modules_of
from torchdraft._inspect.text import as_json, as_text


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Sequential(torch.nn.Linear(3, 3))

    def forward(self, x):
        x = self.encoder(x)
        if x.sum() > -1000:
            x = x * 2
        return torch.relu(x)


@pytest.fixture(scope="module")
def program():
    rows = {"x": {0: torch.export.Dim.DYNAMIC}}
    return torchdraft.draft_export(Net(), (torch.ones(4, 3),), dynamic_shapes=rows)


def test_every_part_is_there(program):
    found = contents(program)
    assert found.inputs[-1] == "x: USER_INPUT"
    assert len(found.outputs) == 1
    assert len(found.ranges) >= 1
    assert "torch.ops.aten.relu.default" in found.code
    assert "relu" in found.graph
    text = as_text(found)
    assert [line for line in text.splitlines() if not line.startswith((" ", "\n")) and line] == [
        "Inputs",
        "Outputs",
        "Range constraints",
        "Assertions",
        "Code",
    ]


def test_an_assertion_has_its_line_and_its_issue(program):
    found = contents(program)
    assert found.assertions
    (issue,) = program._report.issues
    assert all(each.issues == (issue,) for each in found.assertions)
    assert all("if x.sum() > -1000:" in each.line for each in found.assertions)
    assert as_text(found).count("TD101 data-dependent-branch") == 1
    assert json.loads(as_json(found))["assertions"][0]["issues"][0]["code"] == "TD101"


def test_the_nodes_of_a_module(program):
    assert modules_of(program) == ["encoder", "encoder.0"]
    for module in modules_of(program):
        found = contents(program, module=module)
        assert "linear" in found.graph
        assert "relu" not in found.graph + found.code
        assert found.assertions == ()


def test_the_nodes_that_match(program):
    found = contents(program, grep=re.compile(r"x \* 2"))
    assert "aten.mul.Tensor" in found.code
    assert "linear.default" not in found.code
    assert "# File" in found.code
    assert contents(program, grep=re.compile("nothing like it")).code == ""


def test_a_program_of_torch_has_no_issues():
    found = contents(torch.export.export(torch.nn.ReLU(), (torch.ones(2),)))
    assert found.assertions == ()
    assert "relu" in found.code
