"""Files that need what this process does not have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import dataclasses, torch

@dataclasses.dataclass
class Pair:
    x: torch.Tensor
    y: torch.Tensor

@torch.library.custom_op("load_errors::twice", mutates_args=())
def twice(x: torch.Tensor) -> torch.Tensor:
    return x * 2

class OfPair(torch.nn.Module):
    def forward(self, pair):
        return pair.x + pair.y

class Twice(torch.nn.Module):
    def forward(self, x):
        return twice(x) + 1
"""

SAVE = """
import torch, torchdraft, parts
one = torch.ones(2)
torchdraft.save(torchdraft.draft_export({call}), "m.pt2")
"""
LOAD = """
import torchdraft
try:
    torchdraft.load("m.pt2")
except torchdraft.ProgramNotLoaded as error:
    print(error)
"""


def run(code: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("call", "needs"),
    [
        ("parts.OfPair(), (parts.Pair(one, one),)", "torch.export.register_dataclass(parts.Pair"),
        ("parts.Twice(), (one,)", "the operator load_errors.twice"),
    ],
)
def test_the_error_says_what_to_add(tmp_path: Path, call: str, needs: str) -> None:
    (tmp_path / "parts.py").write_text(MODULE)
    run(SAVE.format(call=call), tmp_path)
    assert needs in run(LOAD, tmp_path)


def test_a_file_that_is_no_program_keeps_its_error(tmp_path: Path) -> None:
    import torchdraft

    (tmp_path / "m.pt2").write_bytes(b"nothing")
    with pytest.raises(Exception) as raised:  # noqa: PT011 (whatever torch raises)
        torchdraft.load(tmp_path / "m.pt2")
    assert not isinstance(raised.value, torchdraft.ProgramNotLoaded)
