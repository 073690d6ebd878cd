"""From a draft to a plain export in another process: draft, decompose, save, load, register, export."""

import subprocess
import sys
import textwrap

import pytest
import torch

import torchdraft

OPERATORS = """
import torch

@torch.library.custom_op("td_workflow::counted", mutates_args=())
def counted(x: torch.Tensor, mode: int) -> torch.Tensor:
    rows = x[x.sum(1) > 0]
    return rows.t().contiguous().t() if mode == 0 else rows.sum(0)

LIB = torch.library.Library("td_workflow", "FRAGMENT")
LIB.define("stacked(Tensor[] xs, *, Tensor? w=None) -> (Tensor, Tensor?)")
LIB.impl("stacked", lambda xs, w=None: (torch.stack(xs), None if w is None else w * 2), "CPU")
LIB.define("parts(Tensor x) -> Tensor")
LIB.impl("parts", lambda x: x.new_zeros(int(x.max()) + 1), "CompositeImplicitAutograd")

class Model(torch.nn.Module):
    def forward(self, x):
        rows = torch.ops.td_workflow.counted(x, 0)
        both, more = torch.ops.td_workflow.stacked([x, x + 1], w=x)
        total = rows @ torch.ops.td_workflow.counted(x, 1)
        return total.sum() + both.sum() + more.sum() + torch.ops.td_workflow.parts(x).sum()

ARGS = (torch.arange(12.0).reshape(3, 4),)
"""
EXPORT = """
import torch
import torchdraft
from operators import ARGS, Model

expected = Model()(*ARGS)
try:
    torch.export.export(Model(), ARGS)
except Exception as error:
    print("without profiles:", type(error).__name__)
with torchdraft.unsafe_generate_fake_kernels(torchdraft.load_op_profiles("profiles.yaml")):
    program = torch.export.export(Model(), ARGS)
    decomposed = program.run_decompositions()
for each in (program, decomposed, torch.export.load("drafted.pt2")):
    print(torch.equal(each.module()(*ARGS), expected))
try:
    torch.export.export(Model(), ARGS)
except Exception as error:
    print("afterwards:", type(error).__name__)
"""


@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")  # run_decompositions
def test_the_whole_workflow(tmp_path, monkeypatch):
    (tmp_path / "operators.py").write_text(OPERATORS)
    (tmp_path / "export.py").write_text(textwrap.dedent(EXPORT))
    monkeypatch.syspath_prepend(str(tmp_path))
    from operators import ARGS, Model

    program = torchdraft.draft_export(Model(), ARGS)
    assert program._report.rung == "symbolic"
    assert {issue.code for issue in program._report.issues} == {"TD301"}
    with torchdraft.unsafe_generate_fake_kernels(program._report.op_profiles):
        decomposed = program.run_decompositions()
    assert torch.equal(decomposed.module()(*ARGS), Model()(*ARGS))
    torchdraft.save_op_profiles(program._report.op_profiles, tmp_path / "profiles.yaml")
    torchdraft.save(program, tmp_path / "drafted.pt2")

    command = [sys.executable, "-W", "ignore", "export.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines() == [
        "without profiles: RuntimeError",
        "True",
        "True",
        "True",
        "afterwards: RuntimeError",
    ], ran.stderr[-2000:]
