"""The checker of imports, on trees with one mistake each."""

import importlib.util
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools/layers.py"


spec = importlib.util.spec_from_file_location("layers", TOOL)
layers = importlib.util.module_from_spec(spec)
sys.modules["layers"] = layers  # dataclasses look up the module of their class
spec.loader.exec_module(layers)


@pytest.fixture
def tree(tmp_path):
    """Writes `path="source"` below the package and returns the folder for `layers.imports`."""

    def write(files):
        for name, source in files.items():
            path = tmp_path / "torchdraft" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        return tmp_path

    return write


CLEAN = {
    "__init__.py": "",
    "model/__init__.py": "from .report import Report",
    "model/report.py": "import json\nclass Report: ...",
    "_source/places.py": "from torchdraft.model import Report\nfrom torchdraft.model.report import Report as R",
    "_torch/probe.py": "import torch",
}
CYCLE = (
    "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {} import x\n"
)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, []),
        (
            {"model/report.py": "from torchdraft._source import places"},
            [
                "model/report.py:1: model must not import _source (_source/places.py)",
                "these files import each other in a circle: _source/places.py, model/__init__.py, model/report.py",
                "these folders import each other in a circle: _source, model",
            ],
        ),
        (
            {"_render/text.py": "def render():\n    import torchdraft.rules", "rules/__init__.py": ""},
            ["_render/text.py:2: _render must not import rules (rules/__init__.py)"],
        ),
        (
            {"model/a.py": CYCLE.format(".b"), "model/b.py": CYCLE.format("torchdraft.model.a")},
            ["these files import each other in a circle: model/a.py, model/b.py"],
        ),
        (
            {"model/a.py": "from torch.export import Dim", "model/b.py": "import torch.nn as nn"},
            [
                "model/a.py:1: model must work without torch, but imports torch.export",
                "model/b.py:1: model must work without torch, but imports torch.nn",
            ],
        ),
        (
            {"new/part.py": "import json"},
            ["new/part.py: the folder new is not in the table ALLOWED of tools/layers.py"],
        ),
        (
            {"_check/run.py": "import torchdraft", "_render/text.py": "import torchdraft"},
            ["_render/text.py:1: _render must not import torchdraft (__init__.py)"],
        ),
        (
            {"_tape/a.py": "from torchdraft._torch import b", "_torch/b.py": "from torchdraft._tape.a import x"},
            [
                "_torch/b.py:1: _torch must not import _tape (_tape/a.py)",
                "these files import each other in a circle: _tape/a.py, _torch/b.py",
                "these folders import each other in a circle: _tape, _torch",
            ],
        ),
    ],
    ids=["clean", "upward", "inside a function", "for type checkers", "torch", "unknown folder", "root", "both"],
)
def test_every_wrong_import_is_reported(tree, files, expected):
    assert layers.problems(layers.imports(tree({**CLEAN, **files}))) == expected


def test_the_exit_status_says_whether_there_is_a_problem(tree, capsys):
    assert layers.main([str(tree(CLEAN))]) == 0
    assert capsys.readouterr().out == "layers: every import goes one way\n"
    assert layers.main([str(tree({"model/a.py": "import torch"}))]) == 1
    assert "model/a.py:1" in capsys.readouterr().out


@pytest.fixture(scope="module")
def source():
    return layers.imports(layers.SOURCE)


@pytest.mark.parametrize("folder", layers.ALLOWED)
def test_the_source_has_no_problem_in(source, folder):
    own = [each for each in source if layers.folder_of(each.file) == folder]
    assert list(layers.forbidden(own)) == []
    assert [group for group in layers.circles_of_folders(source) if folder in group] == []
    circles = [group for group in layers.circles(source) if folder in map(layers.folder_of, group)]
    assert circles == []


def test_every_folder_of_the_table_exists():
    assert {folder for folder in layers.ALLOWED if not (layers.SOURCE / layers.PACKAGE / folder).is_dir()} == set()
