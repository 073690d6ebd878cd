"""A saved program is loaded by torch alone, in a process that imports torchdraft and uses nothing of it."""

import subprocess
import sys

import pytest
import torch

import torchdraft


class Keyed(torch.nn.Module):
    """Its output has a key and a value that no graph returns."""

    def forward(self, x):
        return {torch.float32: x * 2, "unit": "cm", "range": range(3)}


LOAD = """
import sys
program = torch.export.load(sys.argv[1])
result = program.module()(torch.ones(3))
assert result["unit"] == "cm" and result["range"] == range(3), result
assert torch.equal(result[torch.float32], torch.full((3,), 2.0))
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "keyed.pt2"
    torchdraft.save(torchdraft.draft_export(Keyed(), (torch.ones(3),)), path)
    return path


@pytest.mark.parametrize("imports", ["import torch\nimport torchdraft", "import torchdraft\nimport torch"])
def test_torch_loads_it_in_a_new_process(file, imports):
    subprocess.run([sys.executable, "-c", imports + LOAD, file], check=True)


def test_torchdraft_loads_it_in_a_new_process(file):
    code = LOAD.replace("torch.export.load", "torchdraft.load")
    subprocess.run([sys.executable, "-c", "import torchdraft\nimport torch" + code, file], check=True)


def test_the_finder_is_removed_after_the_import_of_torch():
    code = """
import importlib.util, sys
finders = [*sys.meta_path]
import torchdraft
assert len(sys.meta_path) == len(finders) + 1
assert importlib.util.find_spec("torch").name == "torch"  # does not import it
import torch
assert sys.meta_path == finders
assert "torchdraft.saved.structures" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_torchdraft_the_program_is_not_loaded(file):
    done = subprocess.run(
        [sys.executable, "-c", "import torch" + LOAD, file], capture_output=True, text=True, check=False
    )
    assert "torchdraft." in done.stderr
