import dataclasses

import pytest
import torch

import torchdraft
from torchdraft.rules.rewrites.registration import with_imports


@dataclasses.dataclass
class Batch:
    x: torch.Tensor


class Takes(torch.nn.Module):
    def forward(self, batch):
        return batch.x * 2


def test_the_lines_run_in_another_process():
    (issue,) = torchdraft.draft_export(Takes(), (Batch(torch.ones(2)),))._report.issues
    lines = issue.code_to_write.splitlines()
    assert lines[:2] == ["import torch", f"import {Batch.__module__}"]
    assert lines[2].startswith(f"torch.export.register_dataclass({Batch.__module__}.Batch")


@pytest.mark.parametrize("cls", ["__main__.P", "m.f.<locals>.P"])
def test_a_class_that_cannot_be_imported_says_so(cls):
    assert f"# {cls} cannot be imported" in with_imports(cls, f"torchdraft.register({cls})")


def test_a_class_in_a_class_is_imported_by_its_module():
    assert with_imports("json.decoder.A.B", "torchdraft.register(json.decoder.A.B)").splitlines() == [
        "import torchdraft",
        "import json.decoder",
        "torchdraft.register(json.decoder.A.B)",
    ]
    assert with_imports("m.P", "") == ""
