"""A draft under `python -O`, where Python has no `assert` statements."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = """
import torch, torchdraft
class Model(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.max() > 1 else x
for strict in (False, True):
    program = torchdraft.draft_export(Model(), (torch.ones(3) * 2,), strict=strict)
    print(program._report.rung, [issue.code for issue in program._report.issues])
"""


def test_the_same_program_and_report_without_assert_statements() -> None:
    told = []
    for level in ("", "1"):
        environment = {**os.environ, "PYTHONOPTIMIZE": level, "PYTHONDONTWRITEBYTECODE": "1"}
        run = subprocess.run(
            [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True, timeout=300
        )
        told.append(run.stdout)
    assert told[0] == told[1]
    assert told[0].startswith("symbolic ['TD101']")
